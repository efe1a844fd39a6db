"""What counts as "the endpoint is gone" and as "the operation is over", in SageMaker's and CloudFormation's words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from releases.account import Account

ENDPOINT = "atoll-card-anomaly"
BEGAN = datetime(2026, 7, 1, tzinfo=UTC)
STACK = {"StackName": "s", "CreationTime": BEGAN, "LastUpdatedTime": BEGAN, "StackStatus": "UPDATE_COMPLETE"}


class Session:
    """A boto3 session whose SageMaker refuses one operation, and whose stacks are told."""

    def __init__(self, operation: str = "list_tags", code: str = "", message: str = "", **stack: object) -> None:
        keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": "us-gov-west-1"}
        self._clients: dict[str, Any] = {name: boto3.client(name, **keys) for name in _SERVICES}
        stacks, sagemaker = Stubber(self._clients["cloudformation"]), Stubber(self._clients["sagemaker"])
        models = [{"OutputKey": "Models", "OutputValue": "card-anomaly"}]
        for told in ({"Outputs": models}, {"Outputs": models}, stack):
            stacks.add_response("describe_stacks", {"Stacks": [STACK | told]})
        sagemaker.add_client_error(operation, code, message)
        stacks.activate()
        sagemaker.activate()

    def client(self, name: str, **_options: object) -> Any:  # noqa: ANN401 - as boto3
        return self._clients[name]


_SERVICES = ("cloudformation", "s3", "sagemaker", "lambda", "sts")
GONE = ("ValidationException", f'Could not find endpoint "{ENDPOINT}".')
OTHERS = [("AccessDeniedException", "User is not authorized"), ("ThrottlingException", "Rate exceeded")]


def account(operation: str, code: str, message: str) -> Account:
    return Account(Session(operation, code, message), None)


def test_sagemakers_own_word_is_the_proof_that_an_endpoint_is_gone() -> None:
    assert account("describe_endpoint", *GONE).endpoint() is None
    assert account("delete_endpoint", *GONE).delete_endpoint() == ""


@pytest.mark.parametrize(("code", "message"), OTHERS)
def test_no_other_refusal_is_a_proof_that_an_endpoint_is_gone(code: str, message: str) -> None:
    with pytest.raises(ClientError, match=code):
        account("describe_endpoint", code, message).endpoint()


def test_who_may_not_delete_is_told_at_once_and_who_must_wait_hears_why() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        account("delete_endpoint", *OTHERS[0]).delete_endpoint()
    said = "Cannot delete endpoint in status SystemUpdating."
    assert said in account("delete_endpoint", "ValidationException", said).delete_endpoint()


@pytest.mark.parametrize(
    ("began", "status", "over"),
    [
        (BEGAN, "UPDATE_COMPLETE", False),  # right after the execution the stack may tell of the operation before it
        (BEGAN + timedelta(minutes=1), "UPDATE_COMPLETE", True),
        (BEGAN + timedelta(minutes=1), "UPDATE_ROLLBACK_COMPLETE", True),
        (BEGAN + timedelta(minutes=1), "UPDATE_IN_PROGRESS", False),
        (BEGAN + timedelta(minutes=1), "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False),
    ],
)
def test_an_operation_is_over_when_one_has_begun_since_and_none_runs(
    began: datetime, status: str, *, over: bool
) -> None:
    session = Session(LastUpdatedTime=began, StackStatus=status)
    assert Account(session, None).is_settled(BEGAN) == over
