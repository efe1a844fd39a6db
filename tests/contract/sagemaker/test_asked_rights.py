"""Which of the rights in docs/rights.md the local AWS asks for: each is tried by somebody without it, and with it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.scene import Scene
from tests.infrastructure.rights import ALL_CASES, NOT_ASKED_LOCALLY

ACTIONS = sorted({request.action for cases in ALL_CASES.values() for request, _ in cases})
NO_CALL_OF_ITS_OWN = {"iam:PassRole"}
"""Asked for when another call hands a role over: `test_rights.py`."""
OPERATIONS = {
    "lambda:InvokeFunction": "Invoke",
    "s3:GetObjectVersion": "GetObject",
    "s3:BypassGovernanceRetention": "DeleteObject",
    "s3:ListBucketVersions": "ListObjectVersions",
}
BESIDE = {
    "s3:BypassGovernanceRetention": ("s3:DeleteObject",),
    "sagemaker:CreateTrainingJob": ("iam:PassRole",),
}
"""What the same call needs besides."""
GIVEN: dict[str, Any] = {"Bucket": "data", "Key": "tried/a.csv", "BypassGovernanceRetention": True}
WITH = {"s3:GetObjectVersion": {"VersionId": "null"}}
"""What makes a call ask for this right."""
OF_TYPE = {"map": {}, "boolean": True, "timestamp": datetime(2026, 1, 1, tzinfo=UTC), "blob": b"1"}


def filled(shape: Any, name: str = "") -> Any:  # noqa: ANN401 - botocore's models and any parameter of any call
    """Give a value that the client lets through, with nothing that isn't required."""
    if name in GIVEN:
        return GIVEN[name]
    if shape.type_name == "structure":
        return {each: filled(shape.members[each], each) for each in shape.required_members}
    if shape.type_name == "list":
        return [filled(shape.member)]
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "a" * max(20, shape.metadata.get("min", 1))
    return OF_TYPE.get(shape.type_name, shape.metadata.get("min", 1))


def is_refused(scene: Scene, action: str, *allowed: str) -> bool:
    """Whether IAM refuses the call of somebody who may do this, and nothing else."""
    service, _, operation = action.partition(":")
    operation = OPERATIONS.get(action, operation)
    name = "sagemaker-runtime" if operation == "InvokeEndpoint" else service
    client = scene.person({"Action": ["iam:ListUsers", *allowed], "Resource": "*"}).client(name)
    given = filled(client.meta.service_model.operation_model(operation).input_shape) | WITH.get(action, {})
    method = next(each for each, called in client.meta.method_to_api_mapping.items() if called == operation)
    try:
        getattr(client, method)(**given)
    except ClientError as error:
        return "not authorized" in str(error) or "AccessDenied" in error.response["Error"]["Code"]
    return False


@pytest.mark.parametrize("action", [each for each in ACTIONS if each not in NO_CALL_OF_ITS_OWN])
def test_the_local_aws_asks_for_the_rights_that_the_page_says(scene: Scene, action: str) -> None:
    without = BESIDE.get(action, ())
    scene.s3.put_object(Bucket=GIVEN["Bucket"], Key=GIVEN["Key"], Body=b"1")  # no other test reads it
    assert is_refused(scene, action, *without) == (action not in NOT_ASKED_LOCALLY)
    assert not is_refused(scene, action, *without, action)
