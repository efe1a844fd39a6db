"""CloudFormation, and Application Auto Scaling for it, act with the rights of the role that a stack was given."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.scene import Scene, until
from tests.contract.sagemaker.test_stacks import Stack

TRUST = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
AT = "arn:aws:sagemaker:*:*"


def role_with(scene: Scene, action: str, *on: str) -> str:
    """A role that may do everything, but this action on these resources alone."""
    return scene.make_role(TRUST, {"NotAction": action, "Resource": "*"}, {"Action": action, "Resource": list(on)})


def failures(stack: Stack) -> str:
    events = stack.cloudformation.describe_stack_events(StackName=stack.name)["StackEvents"]
    return " ".join(each.get("ResourceStatusReason", "") for each in events if "FAILED" in each["ResourceStatus"])


@pytest.mark.parametrize(
    ("action", "narrow", "enough", "refused"),
    [
        ("sagemaker:CreateEndpoint", f"{AT}:endpoint/*", f"{AT}:endpoint-config/*", "endpoint-config/"),
        (
            "cloudwatch:PutMetricAlarm",
            "arn:aws:cloudwatch:*:*:alarm:Target*",
            "arn:aws:cloudwatch:*:*:alarm:",
            ":alarm:",
        ),
    ],
)
def test_a_release_fails_under_a_role_that_lacks_a_required_resource(
    scene: Scene, action: str, narrow: str, enough: str, refused: str
) -> None:
    stack = Stack(scene)
    assert stack.release("narrow", role=role_with(scene, action, narrow))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert f"is not authorized to perform: {action} on resource: " in failures(stack)
    assert refused in failures(stack)
    stack.delete()
    other = Stack(scene)
    assert other.release("enough", role=role_with(scene, action, narrow, enough))["StackStatus"] == "CREATE_COMPLETE"
    other.delete()


def test_a_stack_keeps_its_role_for_later_operations(scene: Scene) -> None:
    stack = Stack(scene)
    role = role_with(scene, "sagemaker:UpdateEndpoint", f"{AT}:endpoint/*")
    assert stack.release("first", role=role)["StackStatus"] == "CREATE_COMPLETE"
    assert stack.release("second")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "sagemaker:UpdateEndpoint on resource: " in failures(stack)
    stack.delete()


def test_a_deletion_asks_for_rights_too(scene: Scene) -> None:
    stack = Stack(scene)
    role = role_with(scene, "sagemaker:DeleteEndpoint", f"{AT}:endpoint/another")
    assert stack.release("kept", role=role)["StackStatus"] == "CREATE_COMPLETE"
    stack.cloudformation.delete_stack(StackName=stack.name)
    found = until(stack.describe, lambda told: not told["StackStatus"].endswith("IN_PROGRESS"))
    assert found["StackStatus"] == "DELETE_FAILED"
    assert "sagemaker:DeleteEndpoint on resource: " in failures(stack)
    scene.sagemaker.delete_endpoint(EndpointName=stack.endpoint)
    stack.cloudformation.delete_stack(StackName=stack.name, RetainResources=["Endpoint"])
    until(stack.exists_now, lambda there: not there)


def test_application_auto_scaling_tries_its_callers_rights_on_alarms_first(scene: Scene) -> None:
    mine: dict[str, Any] = {"Action": ["application-autoscaling:*", "sagemaker:*"], "Resource": "*"}
    client = scene.person(mine).client("application-autoscaling")
    with pytest.raises(ClientError, match="cloudwatch:DescribeAlarms"):
        client.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId="endpoint/none/variant/live",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=1,
            MaxCapacity=2,
        )
