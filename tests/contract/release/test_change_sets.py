"""Change sets on the local AWS's own CloudFormation (moto's needs more packages), and its failures in its own words."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.release import ports
from lambdas.release.adapters.cloudformation_change_sets import CloudFormationChangeSets
from lambdas.release.adapters.sagemaker_endpoints import SageMakerEndpoints
from lambdas.release.records import Brought, Release, name_of, stack_of
from local.cloud import LocalCloud
from tests.fakes.change_sets import FakeChangeSets
from tests.fakes.release import MODEL

BOTH = pytest.mark.parametrize("kind", ["fake", "adapter"])
SHA = "e" * 64
ARN = "arn:aws:cloudformation:us-east-1:000000000000:changeSet/r-by-ann-eeeeeeeeeeee/0a1b"

TEMPLATE = {
    "Parameters": {name: {"Type": "String", "Default": ""} for name in Release().parameters()},
    "Resources": {
        "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "ReleaseId"}}}
    },
}
RELEASE = Release(
    image_digest="sha256:" + "a" * 64, manifest_sha256=SHA, version="1", release_id="r-by-ann-eeeeeeeeeeee"
)


@pytest.fixture
def cloudformation(cloud: LocalCloud) -> Iterator[Any]:
    client = cloud.client("cloudformation")
    client.create_stack(StackName=stack_of(MODEL), TemplateBody=json.dumps(TEMPLATE))
    client.get_waiter("stack_create_complete").wait(StackName=stack_of(MODEL), WaiterConfig={"Delay": 1})
    yield client
    client.delete_stack(StackName=stack_of(MODEL))
    client.get_waiter("stack_delete_complete").wait(StackName=stack_of(MODEL), WaiterConfig={"Delay": 1})


def adapter(client: Any) -> ports.ChangeSets:  # noqa: ANN401 - a boto3 client
    return CloudFormationChangeSets(client, role_arn="arn:aws:iam::000000000000:role/narrow")


@BOTH
def test_a_change_set_may_be_requested_again_under_its_name(kind: str, request: pytest.FixtureRequest) -> None:
    sets = FakeChangeSets() if kind == "fake" else adapter(request.getfixturevalue("cloudformation"))
    for _ in range(2):
        assert name_of(sets.request(MODEL, RELEASE.release_id, RELEASE, "why")) == RELEASE.release_id
    assert sets.offered(MODEL) == [RELEASE.release_id]


def test_a_request_changes_nothing_until_it_is_executed(cloudformation: Any) -> None:  # noqa: ANN401
    sets, stacks = (
        adapter(cloudformation),
        SageMakerEndpoints(cloudformation=cloudformation, sagemaker=None, runtime=None),
    )
    sets.request(MODEL, RELEASE.release_id, RELEASE, "why")
    found = cloudformation.describe_change_set(StackName=stack_of(MODEL), ChangeSetName=RELEASE.release_id)
    assert {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]} == RELEASE.parameters()
    before = stacks.stack(MODEL)
    assert (before.status, before.release_id, before.last_change_set) == ("CREATE_COMPLETE", "", "")
    sets.execute(MODEL, RELEASE.release_id)
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack_of(MODEL), WaiterConfig={"Delay": 1})
    after = stacks.stack(MODEL)
    assert (after.went_forward, after.release_id, after.change_set) == (True, RELEASE.release_id, found["ChangeSetId"])
    with pytest.raises(ports.AlreadyExecutedError, match=found["ChangeSetId"]):
        sets.request(MODEL, RELEASE.release_id, RELEASE, "once more, after a crash")
    assert sets.prepare(MODEL, "home-from-v1-eeeeeeeeeeee", RELEASE, "nothing changes") is None


def test_what_a_change_set_brings_is_told_before_and_after_it_was_executed(cloudformation: Any) -> None:  # noqa: ANN401
    sets = adapter(cloudformation)
    text = json.dumps(TEMPLATE | {"Description": "another"})
    assert sets.brings(MODEL, "home-1") is None
    arn = sets.prepare(MODEL, "home", RELEASE, "why", text)
    assert arn
    assert sets.brings(MODEL, name_of(arn)) == Brought(template=text, release=RELEASE)
    assert not sets.cancel(MODEL)  # nothing runs
    sets.execute(MODEL, arn)
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack_of(MODEL), WaiterConfig={"Delay": 1})
    assert sets.brings(MODEL, name_of(arn)) == Brought(template=text, release=RELEASE)


def described(
    *, status: str = "CREATE_COMPLETE", execution: str = "AVAILABLE", release: Release = RELEASE
) -> dict[str, Any]:
    parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in release.parameters().items()]
    facts = {"Status": status, "ExecutionStatus": execution, "Parameters": parameters, "StatusReason": "a reason"}
    return facts | {"ChangeSetId": ARN}


@pytest.fixture
def stub(aws: Callable[..., Any]) -> Iterator[tuple[Any, Stubber]]:
    """What moto can't show: CloudFormation's failures, in its own words."""
    client = aws("cloudformation")
    with Stubber(client) as stubber:
        yield client, stubber


def test_what_a_former_try_left_under_the_name_is_deleted_first(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    for left in (
        described(),  # whoever made it, and with whatever template
        described(status="FAILED", execution="UNAVAILABLE"),
        described(execution="OBSOLETE"),
        described(execution="EXECUTE_FAILED", release=replace(RELEASE, version="0")),
    ):
        answers.add_response("describe_change_set", left)
        answers.add_response("delete_change_set", {})
        answers.add_response("create_change_set", {"Id": ARN})
        answers.add_response("describe_change_set", described())
        assert adapter(client).request(MODEL, RELEASE.release_id, RELEASE, "why") == ARN
    answers.assert_no_pending_responses()


def test_an_executed_change_set_is_not_made_again(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    answers.add_response("describe_change_set", described(execution="EXECUTE_IN_PROGRESS"))
    with pytest.raises(ports.AlreadyExecutedError) as refusal:
        adapter(client).request(MODEL, RELEASE.release_id, RELEASE, "why")
    assert refusal.value.arn == ARN
    answers.assert_no_pending_responses()


def test_cloudformations_reason_reaches_the_person(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    answers.add_client_error("describe_change_set", "ChangeSetNotFound")
    answers.add_response("create_change_set", {"Id": ARN})
    answers.add_response("describe_change_set", described(status="FAILED"))
    with pytest.raises(ports.ChangeSetError, match="could not be made: a reason"):
        adapter(client).request(MODEL, RELEASE.release_id, RELEASE, "why")


def test_a_stack_that_is_there_already_needs_no_change(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    same = described(status="FAILED") | {"StatusReason": "The submitted information didn't contain changes."}
    answers.add_client_error("describe_change_set", "ChangeSetNotFound")
    answers.add_response("create_change_set", {"Id": ARN})
    answers.add_response("describe_change_set", same)
    adapter(client).request(MODEL, RELEASE.release_id, RELEASE, "why")


def test_a_change_set_that_is_executed_says_so(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    answers.add_response("describe_change_set", described(execution="EXECUTE_IN_PROGRESS"))
    SageMakerEndpoints(cloudformation=client, sagemaker=None, runtime=None)  # the SDK must leave the text as it is
    answers.add_response("get_template", {"TemplateBody": '{"a": 1}'})
    brought = adapter(client).brings(MODEL, "home-1")
    assert brought == Brought(template='{"a": 1}', release=RELEASE, runs=True)


def test_an_update_is_cancelled_where_cloudformation_takes_it(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    answers.add_response("cancel_update_stack", {}, {"StackName": stack_of(MODEL)})
    assert adapter(client).cancel(MODEL)
    answers.add_client_error("cancel_update_stack", "ValidationError")
    assert not adapter(client).cancel(MODEL)
    answers.add_client_error("cancel_update_stack", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        adapter(client).cancel(MODEL)


def test_an_update_that_failed_is_taken_back_under_the_narrow_role(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    expected = {"StackName": stack_of(MODEL), "RoleARN": "arn:aws:iam::000000000000:role/narrow"}
    answers.add_response("rollback_stack", {}, expected)
    adapter(client).take_back(MODEL)
    answers.assert_no_pending_responses()


def test_another_error_of_cloudformation_is_not_swallowed(stub: tuple[Any, Stubber]) -> None:
    client, answers = stub
    answers.add_client_error("describe_change_set", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        adapter(client).request(MODEL, RELEASE.release_id, RELEASE, "why")
