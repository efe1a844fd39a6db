"""A platform at work in memory, in the words that both trees know: 5b55bc2's, and this one's."""

import dataclasses
from datetime import timedelta
from random import Random
from typing import Any

from lambdas.release.records import BACKWARD, Release, Version, stack_of
from tests.fakes.cloud import ChangeSet, RefusedByCloudFormationError
from tests.fakes.release import MODEL, job
from tests.faults.crashing import Fate
from tests.faults.life import Life

BACK, STOP = BACKWARD
"""How the change sets begin by which one goes back, and stops: at 5b55bc2 people's, since then the platform's alone."""
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


def known(kind: Any, **given: object) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    """Keep what a record has a field for in the tree that this runs in."""
    fields = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in given.items() if name in fields}


class Scene:
    """Everything that is sent arrives, and the reconciler runs when time passes."""

    def __init__(self) -> None:
        self.life = Life(Random(0))  # noqa: S311 - a seed is to be repeated, not secret
        self.cloud, self.registry = self.life.cloud, self.life.registry

    def trained(self, submitter: str, model: float | bytes = 0.8) -> Version:
        """A person's job ends with an honest model, of a precision or as packed; return its version."""
        life, now = self.life, self.cloud.now
        life.jobs += 1
        done = job(f"job-{life.jobs}", submitter=submitter, ended=now, started=now - timedelta(minutes=5))
        life.world.finish(done, model if isinstance(model, bytes) else life.world.trained(model))
        detail = {"TrainingJobName": done.name, "TrainingJobStatus": "Completed"}
        life.post(
            "training_completed", self.cloud.event("aws.sagemaker", "SageMaker Training Job State Change", detail)
        )
        life.calm()
        return life.versions()[0]

    def approved(self, version: Version, who: str) -> None:
        """A person executes a version's release."""
        self.cloud.execute(MODEL, version.tag("release_id"), who=who)
        self.life.approvals.append((version.number, who))
        self.life.calm()

    def begins(self, name: str, release: Release, template: str | None = None) -> None:
        """An operator makes and executes a change set; nothing hears of it yet."""
        self.cloud.sets[name] = ChangeSet(release, template)
        self.cloud.execute(MODEL, name, who="olga")

    def brought(self, name: str, release: Release, template: str | None = None) -> None:
        """An operator makes and executes a change set, where CloudFormation takes it."""
        try:
            self.begins(name, release, template)
        except RefusedByCloudFormationError as refusal:
            self.life.say(f"CloudFormation refuses {refusal}")
        self.life.calm()

    def hears(self) -> None:
        """Everything that is under way arrives, and no operation ends."""
        self.life.collect()
        while self.life.mail:
            self.life.run(self.life.mail[0], Fate())

    def called(self, name: str, who: str, stack: str = stack_of(MODEL)) -> None:
        """Somebody executes a change set of any stack: the trail notes it, and EventBridge tells of it."""
        issuer = {"type": "Role", "arn": "arn:x:iam::1:role/Approver"}
        identity = {"type": "AssumedRole", "arn": f"arn:x:sts::1:assumed-role/Approver/{who}"}
        call = {
            "eventName": "ExecuteChangeSet",
            "eventTime": self.cloud.now.isoformat(),
            "userIdentity": identity | {"sessionContext": {"sessionIssuer": issuer}},
            "requestParameters": {"stackName": stack, "changeSetName": name},
        }
        self.cloud.trail.append(call)
        event = self.cloud.event("aws.cloudformation", "AWS API Call via CloudTrail", call)
        self.life.post("change_set_executed", event)
        self.life.calm()

    def passes(self, time: timedelta) -> None:
        """Let time pass, the reconciler at work every quarter of an hour, later every two hours."""
        end = self.cloud.now + time
        while self.cloud.now < end:
            step = QUARTER if end - self.cloud.now < timedelta(hours=3) else timedelta(hours=2)
            self.cloud.passes(min(step, end - self.cloud.now))
            self.life.reconcile()
            self.life.calm()

    def version(self, number: str) -> Version:
        """A version as MLflow shows it."""
        return next(v for v in self.life.versions() if v.number == number)

    @property
    def serves(self) -> str:
        """The version that serves; empty when none does."""
        return self.cloud.running.version if self.cloud.running else ""

    @property
    def alarms(self) -> list[str]:
        """The subjects of all messages that begin with ALARM."""
        return [subject for subject, _ in self.life.world.notifier.messages if subject.startswith("ALARM")]

    def recorded(self, what: str) -> list[str]:
        """Who stands behind the entries of one kind."""
        return [entry.who for entry in self.life.world.audit.entries.values() if entry.what == what]

    def told(self) -> str:
        """What came of it, in a line."""
        shown = [f"v{v.number} {v.state} approver {v.tag('approver')!r}" for v in self.life.versions()]
        return f"serves {self.serves or 'nothing'}; {'; '.join(shown)}; alarms {self.alarms}"


def with_champion() -> Scene:
    """Version 1 of ann, approved by carol, serves."""
    scene = Scene()
    scene.approved(scene.trained("ann"), "carol")
    assert scene.serves == "1"
    return scene
