"""`ports.ChangeSets` in memory, without a stack that moves: what was asked for, and what was executed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lambdas.release.records import BACKWARD, Brought, Release, name_of, stack_of
from tests.fakes.stack import ASKER, MODEL, NOON, identity


def arn_of(change_set: str, unique: str = "0a1b") -> str:
    """The ARN of a change set of this name."""
    return f"arn:x:cloudformation:us-east-1:000000000000:changeSet/{change_set}/{unique}"


def creation(name: str, model: str = MODEL, role: str = ASKER, at: datetime = NOON, arn: str = "") -> dict[str, Any]:
    """CloudTrail's record of the call that made a change set."""
    return {
        "eventName": "CreateChangeSet",
        "eventTime": at.isoformat(),
        "userIdentity": identity("session", role.rpartition("/")[2]),
        "requestParameters": {"changeSetName": name, "stackName": stack_of(model)},
        "responseElements": {"id": arn or arn_of(name)},
    }


def stem_of(change_set: str) -> str:
    """What a way's name says, without the letters that nobody can guess."""
    return change_set.rpartition("-")[0]


@dataclass
class FakeChangeSets:
    waiting: dict[tuple[str, str], Release] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    brought: dict[str, tuple[Release, str | None]] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    running: dict[str, Brought] = field(default_factory=dict)  # by model/name
    ended: list[str] = field(default_factory=list)  # what was cancelled or taken back
    trail: list[dict[str, Any]] = field(default_factory=list)  # what CloudTrail has of it

    def request(self, model: str, name: str, release: Release, description: str) -> str:
        self.trail.append(creation(name, model))
        return self._make(model, name, release, description, None)

    def _make(self, model: str, name: str, release: Release, description: str, template: str | None) -> str:
        self.waiting[model, name] = release
        self.brought[name], self.descriptions[name] = (release, template), description
        return arn_of(name)

    def prepare(
        self, model: str, stem: str, release: Release, description: str, template: str | None = None
    ) -> str | None:
        for of, name in list(self.waiting):
            if name.startswith(BACKWARD):
                del self.waiting[of, name]
        return self._make(model, f"{stem}-{len(self.brought):016x}", release, description, template)

    def execute(self, model: str, arn: str) -> None:
        del self.waiting[model, name_of(arn)]
        self.executed.append(name_of(arn))

    def brings(self, model: str, name: str) -> Brought | None:
        return self.running.get(f"{model}/{name}")

    def cancel(self, model: str) -> bool:
        self.ended.append(f"cancelled {model}")
        return True

    def take_back(self, model: str) -> None:
        self.ended.append(f"took back {model}")

    def waits(self, model: str, name: str) -> bool:
        return (model, name_of(name)) in self.waiting

    def offered(self, model: str) -> list[str]:
        return [name for of, name in self.waiting if of == model]

    def delete(self, model: str, name: str) -> bool:
        self.waiting.pop((model, name_of(name)), None)
        return True
