"""CloudTrail in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lambdas.release.adapters.cloudtrail_trail import MOST
from lambdas.release.records import TrainingJob
from tests.fakes.stack import TRAINER, identity


def of_the_time(
    calls: Sequence[dict[str, Any]], name: str, since: datetime, until: datetime | None
) -> list[Mapping[str, Any]]:
    """The calls of an operation between two times."""
    named = [(datetime.fromisoformat(call["eventTime"]), call) for call in calls if call["eventName"] == name]
    return [call for at, call in named if at >= since and (until is None or at <= until)]


def told(calls: Sequence[dict[str, Any]], now: datetime, lag: timedelta) -> list[dict[str, Any]]:
    """The calls that LookupEvents shows by now: it is late."""
    return [call for call in calls if now - datetime.fromisoformat(call["eventTime"]) >= lag] if lag else [*calls]


def start(job: TrainingJob, who: str, role: str = TRAINER) -> dict[str, Any]:
    """CloudTrail's record of the call that started a job."""
    return {
        "eventName": "CreateTrainingJob",
        "eventTime": job.created.isoformat(),
        "userIdentity": identity(who, role.rpartition("/")[2]),
        "requestParameters": {"trainingJobName": job.name},
        "responseElements": {"trainingJobArn": job.arn},
    }


@dataclass
class FakeTrail:
    made: list[dict[str, Any]] = field(default_factory=list)
    most: int = MOST

    def note(self, call: dict[str, Any]) -> None:
        self.made.append(call)

    def calls(self, name: str, since: datetime, until: datetime | None = None) -> list[Mapping[str, Any]]:
        return of_the_time(self.made, name, since, until)[-self.most :]
