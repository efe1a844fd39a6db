"""What only the account can answer: a read-only command, the answer that is expected, and the statements it decides.

A command serves at most ten statements. `make evidence` prints them; who assesses runs them with the auditor's role and
compares. tests/contract/test_evidence_questions.py runs each on the local AWS and compares the same way.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = 10


@dataclass(frozen=True, kw_only=True)
class Question:
    """One command of the AWS CLI, a read, and what its answer must hold."""

    name: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    query: str
    expected: tuple[str, ...]
    says: str
    statements: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command as a person types it."""
        told = " ".join(f"--{_dashed(name)} '{_argument(value)}'" for name, value in self.parameters.items())
        return " ".join(filter(None, ["aws", self.service, _dashed(self.operation), told, f"--query '{self.query}'"]))

    def missing(self, answer: object) -> list[str]:
        """Name what is expected and isn't in the answer: members of a record, or the answer itself as text."""
        if answer is None or answer == []:
            return ["an answer"]
        record = _record(answer)
        held = set(record) if isinstance(record, Mapping) else {json.dumps(record, default=str).strip('"')}
        return [each for each in self.expected if each not in held]


def _record(answer: object) -> object:
    """Read an answer that is a record as text, as CloudTrail gives it."""
    try:
        return json.loads(answer) if isinstance(answer, str) else answer
    except ValueError:
        return answer


def _dashed(name: str) -> str:
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in name.replace("_", "-")).lstrip("-")


def _argument(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _calls_named(name: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}], "MaxResults": 50}


QUESTIONS: tuple[Question, ...] = (
    Question(
        name="what-a-record-holds",
        service="cloudtrail",
        operation="lookup_events",
        parameters=_calls_named("ExecuteChangeSet"),
        query="Events[0].CloudTrailEvent",
        expected=(
            *("eventName", "eventTime", "awsRegion", "eventSource", "responseElements", "userIdentity"),
            *("requestParameters", "sourceIPAddress"),
        ),
        says=(
            "The record of an executed release says what (eventName), when (eventTime, in UTC), where (awsRegion), from"
            " where (sourceIPAddress), with what outcome (responseElements, or errorCode), and who (userIdentity)."
        ),
        statements=(
            *("au-3_obj.a", "au-3_obj.b", "au-3_obj.c", "au-3_obj.d", "au-3_obj.e", "au-3_obj.f"),
            *("au-8_obj.a", "au-8_obj.b"),
        ),
    ),
)
