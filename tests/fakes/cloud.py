"""CloudFormation, the endpoint and the trail in memory, as one: an operation takes time, and tells of itself by events.

`tests/contract/release/test_cloud.py` holds it to what the local AWS's CloudFormation does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lambdas.release.ports import AlreadyExecutedError, EndpointAnswerError, StackMovesError
from lambdas.release.records import BACKWARD, Brought, Release, Serving, Stack, name_of, stack_of
from tests.fakes.artifacts import GOLDEN_SCORES
from tests.fakes.change_sets import arn_of
from tests.fakes.stack import ASKER, MODEL, NOON, REVIEWED, identity, serving_release
from tests.fakes.trail import of_the_time, told

Event = dict[str, Any]


class RefusedByCloudFormationError(Exception):
    """The stack moves, or the change set can't be executed or deleted."""


@dataclass
class ChangeSet:
    release: Release
    template: str | None
    status: str = "AVAILABLE"  # OBSOLETE, EXECUTE_IN_PROGRESS, EXECUTE_COMPLETE, EXECUTE_FAILED
    id: str = ""


@dataclass
class FakeCloud:
    """One model's stack. `sent` collects the events that AWS sends, each with the function that takes it."""

    now: datetime = NOON
    status: str = "CREATE_COMPLETE"
    release: Release = field(default_factory=Release)
    deployed: str = REVIEWED
    change_set_arn: str = arn_of("cdk-deploy-change-set")
    changed: datetime = NOON
    running: Serving | None = None
    sets: dict[str, ChangeSet] = field(default_factory=dict)
    trail: list[Event] = field(default_factory=list)
    sent: list[tuple[str, Event]] = field(default_factory=list)
    moving: tuple[str, ChangeSet] | None = None
    made: int = 0  # ways, each under a name of its own
    ids: int = 0  # of change sets: no two have the same ARN
    before: Serving | None = None  # what ran when the last operation began
    broken: set[str] = field(default_factory=set)  # manifests whose server answers wrongly

    forgets: bool = True  # whether the stack names no change set after a direct deployment: AWS does not say
    lag: timedelta = timedelta()  # so long the trail's look-up doesn't show a call
    on_begin: Callable[[str], None] = lambda _: None

    @property
    def last_change_set(self) -> str:
        """The name of the change set that the stack names."""
        return name_of(self.change_set_arn)

    # What the functions see: ports.Endpoints, ports.ChangeSets, ports.Trail

    def stack(self, _model: str) -> Stack:
        return Stack(
            status=self.status,
            release_id=self.release.release_id,
            change_set=self.change_set_arn,
            changed=self.changed,
        )

    def template(self, _model: str) -> str:
        return self.deployed

    def serving(self, _model: str) -> Serving | None:
        return self.running

    def invoke(self, model: str, rows: Sequence[Sequence[float | None]]) -> list[float]:
        if self.running is None:
            raise EndpointAnswerError(f"{model} has no endpoint for {len(rows)} rows")
        return [0.0, 0.0] if self.running.manifest_sha256 in self.broken else GOLDEN_SCORES

    def request(
        self,
        _model: str,
        name: str,
        release: Release,
        _description: str,
        template: str | None = None,
        role: str = ASKER,
    ) -> str:
        known = self.sets.get(name)
        if known and known.status in _USED and known.release == release:
            raise AlreadyExecutedError(self.arn(name, known))
        if self.moving:
            raise StackMovesError(f"{name} waits: the stack is in {self.status} state and can not be updated.")
        return self.place(name, ChangeSet(release, template), role=role)

    def place(self, name: str, made: ChangeSet, *, who: str = "session", role: str = "Operator") -> str:
        """Somebody makes a change set, in the place of one of its name; the trail has its ARN."""
        self.sets[name] = made
        if made.release == self.release and made.template in {None, self.deployed}:
            made.status = "UNAVAILABLE"
        arn = self.arn(name, made)
        self.call("CreateChangeSet", name, who, role.rpartition("/")[2], answer={"id": arn})
        return arn

    def arn(self, name: str, change_set: ChangeSet) -> str:
        """The ARN of a change set."""
        if not change_set.id:
            self.ids += 1
            change_set.id = f"{self.ids:04x}"
        return arn_of(name, change_set.id)

    def under(self, name: str) -> ChangeSet | None:
        """What lies under a name, or under an ARN: nothing where another has taken its place."""
        found = self.sets.get(name_of(name))
        return found if found and name in {name_of(name), self.arn(name_of(name), found)} else None

    def prepare(
        self, model: str, stem: str, release: Release, description: str, template: str | None = None
    ) -> str | None:
        for name, left in list(self.sets.items()):
            if name.startswith(BACKWARD) and left.status not in _USED:
                del self.sets[name]
        self.made += 1
        made = self.request(model, f"{stem}-{self.made:016x}", release, description, template, "ReleaseSettled")
        return made if self.waits(model, made) else None

    def execute(self, _model: str, change_set: str, *, who: str = "release-settled", role: str = "") -> None:
        self.begin(name_of(change_set))
        self.call("ExecuteChangeSet", change_set, who, role)

    def waits(self, _model: str, change_set: str) -> bool:
        found = self.under(change_set)
        return found is not None and found.status == "AVAILABLE"

    def refuse_callers(self, _model: str) -> None:
        if self.running:
            self.running = replace(self.running, refuses=True)

    def brings(self, _model: str, name: str) -> Brought | None:
        if (found := self.sets.get(name)) is None:
            return None
        return Brought(
            template=found.template or self.deployed,
            release=found.release,
            runs=found.status == "EXECUTE_IN_PROGRESS",
        )

    def cancel(self, _model: str) -> bool:
        if self.status != "UPDATE_IN_PROGRESS":
            return False
        self.running = self.before if self.running else None  # what the update brought is taken back
        self.finish("failed")
        return True

    def take_back(self, _model: str) -> None:
        if self.status != "UPDATE_FAILED":
            raise RefusedByCloudFormationError(self.status)
        self.status = "UPDATE_ROLLBACK_COMPLETE"
        self._tell_status()

    def offered(self, _model: str) -> list[str]:
        return [name for name, change_set in self.sets.items() if change_set.status == "AVAILABLE"]

    def delete(self, _model: str, name: str, *, who: str = "training-completed") -> bool:
        if (found := self.under(name)) and found.status == "EXECUTE_IN_PROGRESS":
            return False
        if found:
            del self.sets[name_of(name)]
            self.call("DeleteChangeSet", name_of(name), who)
        return True

    def note(self, call: Event) -> None:
        self.trail.append(call)

    def calls(self, name: str, since: datetime, until: datetime | None = None) -> list[Mapping[str, Any]]:
        return of_the_time(told(self.trail, self.now, self.lag), name, since, until)

    # What happens in the world

    def begin(self, name: str, change_set: ChangeSet | None = None) -> None:
        """Start an operation: other change sets of the stack are gone."""
        change_set = change_set or self.sets.get(name)
        if self.moving or change_set is None or change_set.status != "AVAILABLE":
            raise RefusedByCloudFormationError(name)
        self.passes(timedelta(seconds=1))  # no two operations of a stack begin in one second
        self.on_begin(name)
        change_set.status, self.before = "EXECUTE_IN_PROGRESS", self.running
        self.sets = {n: s for n, s in self.sets.items() if n == name}
        self.moving, self.change_set_arn = (name, change_set), self.arn(name, change_set) if name else ""
        self.changed, self.status = self.now, "UPDATE_IN_PROGRESS"
        self._tell_status()

    def finish(self, outcome: str = "done") -> None:
        """End the operation: `done`, `failed` (CloudFormation rolls back) or `reverted` (SageMaker alone does)."""
        if self.moving is None:
            return
        (_, change_set), self.moving = self.moving, None
        if self.running and not self.running.owned and change_set.release.release_id and not self.release.release_id:
            outcome = "failed"  # the endpoint's name is taken
        change_set.status = "EXECUTE_FAILED" if outcome == "failed" else "EXECUTE_COMPLETE"
        self.status = "UPDATE_ROLLBACK_COMPLETE" if outcome == "failed" else "UPDATE_COMPLETE"
        if outcome != "failed":
            moves = change_set.release != self.release
            self.release, self.deployed = change_set.release, change_set.template or self.deployed
            if moves and (outcome == "done" or not change_set.release.release_id):
                served = change_set.release.manifest_sha256
                self.running = serving_release(change_set.release, self.deployed) if served else None
        self._tell_status()

    def deploy(self, template: str, *, direct: bool = False, role: str = "Deployer") -> None:
        """`cdk deploy`: by a change set of its own, or directly, which makes waiting change sets obsolete."""
        deployment = ChangeSet(self.release, template)
        if not direct:
            self.begin("cdk-deploy-change-set", deployment)
            self.call("ExecuteChangeSet", "cdk-deploy-change-set", "deployer", role)
            return
        waiting = {n: s for n, s in self.sets.items() if s.status == "AVAILABLE"}
        named = "" if self.forgets else self.change_set_arn
        self.begin("", deployment)
        self.sets, self.change_set_arn = waiting, named
        for change_set in waiting.values():
            change_set.status = "OBSOLETE"
        self.call("UpdateStack", "", "deployer", role)

    def call(self, what: str, name: str, who: str, role: str = "", *, answer: Event | None = None) -> None:
        """CloudTrail notes a call, and EventBridge tells of it; of the role that may, where none is named."""
        asked = {"stackName": stack_of(MODEL), **({"changeSetName": name} if name else {})}
        call = {
            "eventName": what,
            "eventTime": self.now.isoformat(),
            "userIdentity": identity(who, role or ("Approver" if name.startswith("r-by-") else "Operator")),
            "requestParameters": asked,
            "responseElements": answer,
        }
        self.trail.append(call)
        functions = {"ExecuteChangeSet": "change_set_executed", "DeleteChangeSet": "change_set_deleted"}
        if name and (function := functions.get(what)):
            self.sent.append((function, self.event("aws.cloudformation", "AWS API Call via CloudTrail", call)))

    def _tell_status(self) -> None:
        detail = {"stack-id": f"arn:x:stack/{stack_of(MODEL)}/1", "status-details": {"status": self.status}}
        event = self.event("aws.cloudformation", "CloudFormation Stack Status Change", detail)
        self.sent.append(("release_settled", event))

    def event(self, source: str, kind: str, detail: Mapping[str, Any]) -> Event:
        """An event of this moment."""
        time = self.now.isoformat()
        return {"id": f"e{len(self.sent)}", "source": source, "detail-type": kind, "time": time, "detail": dict(detail)}

    def passes(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time


_USED = {"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"}
