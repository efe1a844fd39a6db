"""Events that functions send to each other: the same tests run over the fake and over the local AWS's EventBridge."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import pytest

from lambdas.release import events
from lambdas.release.adapters.eventbridge_functions import EventBridgeFunctions
from lambdas.release.events import REDELIVERY
from tests.fakes.release import MODEL, NOON, FakeFunctions

if TYPE_CHECKING:
    from local.cloud import LocalCloud

NAMES = ("release_settled", "training_completed")


class Post(Protocol):
    """Functions that take events, and what each of them took."""

    functions: Any  # ports.Functions

    def taken(self, function: str) -> list[dict[str, Any]]:
        """Return the events that a function took since the last look, the oldest first."""
        ...


class InMemory:
    def __init__(self) -> None:
        self.fake = FakeFunctions()
        self.functions: Any = self.fake

    def taken(self, function: str) -> list[dict[str, Any]]:
        found = [events.sent_again(to, event) for to, event in self.fake.delivered if to == function]
        self.fake.delivered = [each for each in self.fake.delivered if each[0] != function]
        return found


class OnTheLocalCloud:
    """Queues in the functions' place, behind rules as stacks/components/events.py makes them."""

    def __init__(self, cloud: "LocalCloud") -> None:
        self.functions: Any = EventBridgeFunctions(cloud.client("events"))
        self._bus, self._sqs = cloud.client("events"), cloud.client("sqs")
        self._mark = uuid4().hex[:8]
        with suppress(self._bus.exceptions.ResourceAlreadyExistsException):
            self._bus.create_event_bus(Name=REDELIVERY)
        self._queues = {name: self._sqs.create_queue(QueueName=self._named(name))["QueueUrl"] for name in NAMES}
        for name, queue in self._queues.items():
            pattern = json.dumps({"source": [REDELIVERY], "detail-type": [name]})
            self._bus.put_rule(Name=self._named(name), EventBusName=REDELIVERY, EventPattern=pattern)
            asked = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
            target = {"Id": "queue", "Arn": asked["Attributes"]["QueueArn"]}
            self._bus.put_targets(Rule=self._named(name), EventBusName=REDELIVERY, Targets=[target])

    def _named(self, name: str) -> str:
        return f"{name}-{self._mark}"

    def taken(self, function: str) -> list[dict[str, Any]]:
        found, queue = [], self._queues[function]
        while messages := self._sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def close(self) -> None:
        """Take rules and queues away."""
        for name, queue in self._queues.items():
            self._bus.remove_targets(Rule=self._named(name), EventBusName=REDELIVERY, Ids=["queue"])
            self._bus.delete_rule(Name=self._named(name), EventBusName=REDELIVERY)
            self._sqs.delete_queue(QueueUrl=queue)


@pytest.fixture(params=["fake", "adapter"])
def post(request: pytest.FixtureRequest) -> Iterator[Post]:
    if request.param == "fake":
        yield InMemory()
        return
    local = OnTheLocalCloud(request.getfixturevalue("cloud"))
    yield local
    local.close()


def test_each_function_takes_its_own_events_and_no_others(post: Post) -> None:
    settled, ended = events.settled_again(MODEL, NOON), events.ended_again("job-1", "Completed", NOON)
    post.functions.deliver("release_settled", settled)
    post.functions.deliver("training_completed", ended)
    (heard,), (other,) = post.taken("release_settled"), post.taken("training_completed")
    assert (heard["source"], heard["detail-type"], heard["detail"]) == (REDELIVERY, "release_settled", settled)
    assert other["detail"] == ended
    assert events.parse(events.TrainingJobEnded, other).job_name == "job-1"
    assert events.parse(events.StackStatusChanged, heard).model == MODEL
    assert events.parse(events.StackStatusChanged, heard).redelivered
    assert not events.parse(events.StackStatusChanged, settled).redelivered


def test_an_event_that_is_sent_twice_comes_twice(post: Post) -> None:
    event = events.settled_again(MODEL, NOON)
    for _ in range(2):
        post.functions.deliver("release_settled", event)
    assert [each["detail"] for each in post.taken("release_settled")] == [event, event]
    assert post.taken("release_settled") == []
