"""An account that remembers what was asked of it, as `releases.account` would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from releases.account import CommandError
from releases.history import Entry, Transition
from tests.fakes.change_sets import arn_of

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST, SECOND, THIRD = "r-by-alice-aaaaaaaaaaaa", "r-by-alice-bbbbbbbbbbbb", "r-by-alice-cccccccccccc"


def parameters(digit: str, version: str) -> dict[str, str]:
    return {
        "ImageDigest": f"sha256:{digit * 64}",
        "ManifestSha256": digit * 64,
        "MlflowVersion": version,
        "ReleaseId": f"r-by-alice-{digit * 12}",
    }


class FakeAccount:
    """An account with one model, in memory."""

    model = "card-anomaly"

    def __init__(self) -> None:
        self.log: list[Entry] = []
        self.sets: dict[str, dict[str, Any]] = {}
        self.parameters = dict.fromkeys(parameters("a", "1"), "")
        self.reasons: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.settled = True
        self.status = "UPDATE_COMPLETE"
        self.operations = 0
        self.outlives = False  # CloudFormation can't delete the endpoint
        self.there: str | None = "InService"
        self.refuses = False
        self.refusals: list[str] = []

    def happen(self, subject: str, what: str, who: str = "automation", **details: str) -> None:
        self.log.append(Entry(f"20261123T{len(self.log):06}Z", subject, what, who, details))

    def transitions(self) -> list[Transition]:
        return [Transition(e.at, e.subject, e.what, str(i)) for i, e in enumerate(self.log)]

    def entries(self, transitions: Iterable[Transition]) -> list[Entry]:
        return [self.log[int(t.key)] for t in sorted(transitions)]

    def waiting(self) -> dict[str, datetime]:
        return dict.fromkeys(self.sets, datetime(2026, 11, 23, tzinfo=UTC))

    def serving(self) -> dict[str, str]:
        return self.parameters

    def stack(self) -> dict[str, Any]:
        return {"StackStatus": self.status}

    def last_operation(self) -> int:
        return self.operations

    def is_settled(self, since: int) -> bool:
        return self.settled and self.operations != since

    def endpoint(self) -> str | None:
        return self.there

    def refuse_callers(self) -> None:
        self.refuses = True

    def delete_endpoint(self) -> str:
        if self.refusals:
            return self.refusals.pop()
        self.there = None
        return ""

    def change_set(self, name: str) -> dict[str, Any]:
        if name not in self.sets:
            raise CommandError(f"No change set {name} waits.")
        change = {"Action": "Modify", "LogicalResourceId": "Endpoint", "ResourceType": "AWS::SageMaker::Endpoint"}
        given = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.sets[name]["parameters"].items()]
        return {
            "ChangeSetId": arn_of(name),
            "Description": "AP 0.8 against 0.7 [champion]",
            "Parameters": given,
            "Changes": [{"ResourceChange": change}],
        }

    def create(self, name: str, parameters: dict[str, str], description: str) -> None:
        self.sets[name] = {"parameters": parameters, "description": description}

    def ask(self, release: str, reason: str) -> dict[str, str]:
        """The platform's function does as asked."""
        self.asked.append((release, reason))
        found = [e.parameters() for e in self.log if (e.subject, e.what) == (release, "requested")]
        name = f"{'home' if release else 'halt'}-by-hand-{len(self.asked):016x}"
        self.create(name, found[0] if found else dict.fromkeys(self.parameters, ""), "")
        return self.execute(name)

    def adopt(self, confirms: str, reason: str) -> dict[str, Any]:
        """The platform's function takes it down."""
        self.asked.append((confirms, reason))
        return {"request": "c5a3", "adopts": {"version": "2", "atoll.release_id": SECOND}}

    def ask_again(self, manifest: str, reason: str) -> dict[str, Any]:
        """The platform's function takes it down."""
        self.asked.append((manifest, reason))
        return {"request": "c5a3", "asks": "moved.c5a3"}

    def execute(self, name: str) -> dict[str, str]:
        self.operations += 1
        asked = self.sets.pop(name)["parameters"]
        if self.status == "UPDATE_COMPLETE" and not (asked["ReleaseId"] or self.outlives):
            self.there = None
        self.parameters = asked if self.status == "UPDATE_COMPLETE" else self.parameters
        return {"change_set": name}

    def delete(self, name: str) -> None:
        del self.sets[name]

    def give_reason(self, release: str, reason: str) -> None:
        self.reasons[release] = reason
