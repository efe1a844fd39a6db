"""CloudTrail on the local AWS: who called, of every stack, minutes later, and what a denied call leaves out."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.release.adapters.cloudtrail_trail import CloudTrailTrail
from local.cloud import LocalCloud
from local.events import LAG_SECONDS
from local.sagemaker import clock
from tests.contract import local_templates as templates
from tests.contract.test_local_cloud import events_until, execute, request_release
from tests.patience import PATIENCE

Deploy = Callable[..., dict[str, str]]


@pytest.fixture
def queue(deploy: Deploy, destroy: Callable[[str], None]) -> Iterator[str]:
    yield deploy("trail-listener", templates.listener())["Queue"]
    destroy("trail-listener")


def looked_up(cloud: LocalCloud, name: str) -> list[dict[str, Any]]:
    """What LookupEvents tells of the executions that have this text anywhere."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "ExecuteChangeSet"}]
    found = cloud.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    return [json.loads(each["CloudTrailEvent"]) for each in found if name in each["CloudTrailEvent"]]


def come_late(cloud: LocalCloud, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while not (found := looked_up(cloud, name)):
        assert time.monotonic() < deadline, name
        time.sleep(0.05)
    return found[0]


def test_the_trail_has_a_call_minutes_after_it_was_made(cloud: LocalCloud, approver: str) -> None:
    name = "r-by-alice-000000000000"
    request_release(cloud, "looked-up", name)
    called, began = datetime.now(UTC), time.monotonic()
    execute(cloud.as_person(approver, "bob"), "looked-up", name)
    answered = datetime.now(UTC)
    call = come_late(cloud, name)
    assert time.monotonic() - began >= clock.real(LAG_SECONDS)
    assert call["requestParameters"] == {"changeSetName": name, "stackName": "looked-up"}
    assert call["userIdentity"]["arn"].endswith("/bob")
    assert called.replace(microsecond=0) <= datetime.fromisoformat(call["eventTime"]) <= answered  # not when it is told


def test_the_stack_moves_before_the_trail_tells_who_had_it_moved(cloud: LocalCloud, approver: str, queue: str) -> None:
    def moves_first(number: int) -> bool:
        stack, name = f"moves-first-{number}", f"r-by-alice-22222222222{number}"
        request_release(cloud, stack, name)
        execute(cloud.as_person(approver, "bob"), stack, name)
        heard = events_until(cloud, queue, lambda event: name in str(event) and "ExecuteChangeSet" in str(event))
        told = [str(event["detail"]) for event in heard if stack in str(event)]
        assert name in told[-1]
        return "CREATE_IN_PROGRESS" in "".join(told[:-1])

    assert any(map(moves_first, range(5)))  # a machine that stands still for a quarter of a second turns one round


def test_a_denied_execution_is_told_without_its_parameters_and_counts_as_no_execution(
    cloud: LocalCloud, approver: str, queue: str
) -> None:
    name = "r-by-bob-111111111111"
    request_release(cloud, "turned-away", name)
    with pytest.raises(ClientError, match="AccessDenied"):
        execute(cloud.as_person(approver, "bob"), "turned-away", name)
    heard = events_until(cloud, queue, lambda event: event["detail"].get("errorCode") == "AccessDenied")
    told = come_late(cloud, "stack/turned-away/")
    assert told == heard[-1]["detail"]
    assert (told["eventName"], told["requestParameters"]) == ("ExecuteChangeSet", None)
    assert told["userIdentity"]["arn"].endswith("/bob")
    succeeded = CloudTrailTrail(cloud.client("cloudtrail")).calls("ExecuteChangeSet", datetime(2020, 1, 1, tzinfo=UTC))
    assert "turned-away" not in str(succeeded)


def test_the_trail_and_the_bus_tell_of_everybodys_calls_on_every_stack(cloud: LocalCloud, queue: str) -> None:
    client = cloud.client("cloudformation")  # the account's administrator, on a stack that is none of Atoll's
    request_release(cloud, "payroll", "somebody-elses")
    client.execute_change_set(StackName="payroll", ChangeSetName="somebody-elses")
    told = events_until(cloud, queue, lambda event: "ExecuteChangeSet" in str(event) and "somebody-elses" in str(event))
    made, call = (each["detail"] for each in told if "somebody-elses" in str(each))
    assert (made["eventName"], call["eventName"]) == ("CreateChangeSet", "ExecuteChangeSet")
    assert made["responseElements"]["id"].split("/")[-2] == "somebody-elses"
    assert made["responseElements"]["stackId"].split("/")[-2] == "payroll"
    assert call["userIdentity"]["type"] == made["userIdentity"]["type"] == "Root"
    assert come_late(cloud, "somebody-elses") == call
