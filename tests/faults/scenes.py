"""A life in which people do what an attack needs, step by step, and the platform's own functions answer."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from lambdas.release.records import Release, Version, stack_of
from tests.fakes.cloud import ChangeSet, RefusedByCloudFormationError
from tests.fakes.release import MODEL, job
from tests.fakes.stack import identity
from tests.faults.crashing import Fate
from tests.faults.life import Life


@dataclass
class Scene:
    """A platform at work; every event arrives, and the reconciler runs when time passes."""

    life: Life = field(default_factory=lambda: Life(Random(0)))  # noqa: S311 - a seed is to be repeated, not secret

    def trained(self, submitter: str, precision: float = 0.8) -> Version:
        """A person's job ends with an honest model; return its version."""
        life, now = self.life, self.life.cloud.now
        life.jobs += 1
        done = job(f"job-{life.jobs}", submitter=submitter, ended=now, started=now - timedelta(minutes=5))
        life.world.finish(done, life.world.trained(precision))
        detail = {"TrainingJobName": done.name, "TrainingJobStatus": "Completed"}
        life.post(
            "training_completed", life.cloud.event("aws.sagemaker", "SageMaker Training Job State Change", detail)
        )
        life.calm()
        return self.newest

    def approved(self, version: Version, who: str) -> Version:
        """A person executes a version's release; return the version as it is afterwards."""
        self.life.cloud.execute(MODEL, version.tag("release_id"), who=who)
        self.life.approvals.append((version.number, who))
        self.life.calm()
        return self.version(version.number)

    def brought(self, name: str, release: Release, *, who: str = "olga") -> bool:
        """An operator makes and executes a change set; say whether CloudFormation took it."""
        try:
            if self.life.cloud.waits(MODEL, self.life.cloud.request(MODEL, name, release, "by an operator")):
                self.life.cloud.execute(MODEL, name, who=who)
        except RefusedByCloudFormationError:
            return False
        self.life.calm()
        return True

    def begins(self, name: str, release: Release, template: str | None = None) -> None:
        """An operator executes a change set with a template of the own, which keeps the stack moving."""
        self.life.cloud.sets[name] = ChangeSet(release, template)
        self.life.cloud.execute(MODEL, name, who="olga")

    def hears(self) -> None:
        """Everything that is under way arrives, and no operation ends."""
        self.life.collect()
        while self.life.mail:
            self.life.run(self.life.mail[0], Fate())

    def looks(self) -> None:
        """SageMaker tells that the endpoint changed."""
        detail = {"EndpointName": f"atoll-{MODEL}", "EndpointStatus": "IN_SERVICE"}
        self.life.post(
            "release_settled", self.life.cloud.event("aws.sagemaker", "SageMaker Endpoint State Change", detail)
        )
        self.hears()

    def called(self, name: str, who: str, *, stack: str = stack_of(MODEL), role: str = "Approver") -> None:
        """Somebody executes a change set of any stack: the trail notes it, and EventBridge tells of it."""
        call = {
            "eventName": "ExecuteChangeSet",
            "eventTime": self.life.cloud.now.isoformat(),
            "userIdentity": identity(who, role),
            "requestParameters": {"stackName": stack, "changeSetName": name},
        }
        self.life.cloud.trail.append(call)
        event = self.life.cloud.event("aws.cloudformation", "AWS API Call via CloudTrail", call)
        self.life.post("change_set_executed", event)
        self.life.calm()

    def passes(self, time: timedelta) -> None:
        """Let time pass, the reconciler at work every quarter of an hour, then once a day."""
        end = self.life.cloud.now + time
        while self.life.cloud.now < end:
            step = timedelta(minutes=15) if end - self.life.cloud.now < timedelta(hours=3) else timedelta(hours=2)
            self.life.cloud.passes(min(step, end - self.life.cloud.now))
            self.life.reconcile()
            self.life.calm()

    @property
    def newest(self) -> Version:
        """The newest version."""
        return self.life.versions()[0]

    def version(self, number: str) -> Version:
        """A version as it is now."""
        return next(v for v in self.life.versions() if v.number == number)

    @property
    def serves(self) -> str:
        """The version that serves; empty when none does."""
        return self.life.cloud.running.version if self.life.cloud.running else ""

    @property
    def champion(self) -> str:
        """The version under the alias `champion`; empty when there is none."""
        return self.life.registry.champions.get(MODEL, "")

    @property
    def alarms(self) -> list[str]:
        """The subjects of all messages that begin with ALARM."""
        return [subject for subject, _ in self.life.world.notifier.messages if subject.startswith("ALARM")]

    def recorded(self, what: str) -> list[str]:
        """Who stands behind the entries of one kind."""
        return [entry.who for entry in self.life.world.audit.entries.values() if entry.what == what]


def with_champion() -> Scene:
    """Version 1 of ann, approved by carol, serves."""
    scene = Scene()
    scene.approved(scene.trained("ann"), "carol")
    assert (scene.serves, scene.champion) == ("1", "1")
    return scene
