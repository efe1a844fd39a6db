"""CloudTrail's look-ups: patient with a service that answers twice a second, and bounded whatever others call."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from lambdas.release.adapters import cloudtrail_trail
from lambdas.release.adapters.cloudtrail_trail import MOST, CloudTrailTrail
from lambdas.release.adapters.connect import connect
from tests.contract.release.test_monitoring_adapters import ENVIRONMENT
from tests.fakes.release import NOON

A_PAGE = 50  # events: LookupEvents gives no more
THROTTLED = 8  # times in a row


class Raw:
    """An answer's body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object) -> Iterator[bytes]:
        yield self._body


def call(name: str = "CreateChangeSet", **more: object) -> dict[str, str]:
    """An event of LookupEvents."""
    told = {"eventName": name, "eventTime": NOON.isoformat(), "requestParameters": {"changeSetName": "r"}, **more}
    return {"CloudTrailEvent": json.dumps(told)}


def answering(client: Any, answers: Callable[[], tuple[int, dict[str, Any]]]) -> None:  # noqa: ANN401 - a boto3 client
    """Have the client's requests answered so, in the place of the network."""

    def answer(request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - botocore's
        status, body = answers()
        return AWSResponse(request.url, status, {}, Raw(json.dumps(body).encode()))

    client.meta.events.register_first("before-send.cloudtrail", answer)


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - with a look into it
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test")
    for name, value in (ENVIRONMENT | keys | {"ATOLL_TOPIC_ARN": "t", "AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)  # it waits for real
    connect.cache_clear()
    yield connect().trail
    connect.cache_clear()


def test_a_look_up_that_is_throttled_again_and_again_is_answered(trail: Any) -> None:  # noqa: ANN401 - as above
    left = iter(range(THROTTLED))

    def answers() -> tuple[int, dict[str, Any]]:
        if next(left, None) is not None:
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        return 200, {"Events": [call()]}

    answering(trail._cloudtrail, answers)
    assert [each["eventName"] for each in trail.calls("CreateChangeSet", NOON)] == ["CreateChangeSet"]


def test_a_look_up_that_is_always_throttled_ends_in_an_error(trail: Any) -> None:  # noqa: ANN401 - as above
    answering(trail._cloudtrail, lambda: (400, {"__type": "ThrottlingException", "message": "Rate exceeded"}))
    with pytest.raises(ClientError, match="ThrottlingException"):
        trail.calls("CreateChangeSet", NOON)


class Flooded:
    """A client whose look-up has ever more pages, of calls that were refused; the oldest one succeeded."""

    def __init__(self, pages: int) -> None:
        self.pages, self.read = pages, 0

    def get_paginator(self, _: str) -> "Flooded":
        return self

    def paginate(self, **asked: object) -> Iterator[dict[str, Any]]:
        assert asked
        for _ in range(self.pages):
            self.read += 1
            yield {"Events": [call(errorCode="AccessDenied")] * A_PAGE}
        yield {"Events": [call()]}


@pytest.mark.parametrize(("pages", "read", "found"), [(3, 3, 1), (1_000, MOST // A_PAGE + 1, 0)])
def test_a_flood_of_refused_calls_makes_no_look_up_long(pages: int, read: int, found: int) -> None:
    client = Flooded(pages)
    assert len(CloudTrailTrail(client).calls("CreateChangeSet", NOON)) == found
    assert client.read <= read
    assert cloudtrail_trail.MOST / A_PAGE / 2 <= 30  # seconds, of a function's three hundred
