"""What CloudFormation needs for a resource, and what Application Auto Scaling tries first."""

import pytest

from local.rights import scaling, types
from local.rights.identity import Right
from local.rights.requests import named

PLACE = "arn:aws:{service}:us-east-1:123456789012:"
TARGET = "endpoint/atoll-a/variant/live"


def rights(kind: str, handler: str = "create", **props: object) -> list[Right]:
    change = types.Change(kind=f"AWS::{kind}", handler=handler, logical_id="It", props=props, place=PLACE)
    return list(types.rights(change))


def of(found: list[Right], action: str) -> Right:
    (right,) = (each for each in found if each.action == action)
    return right


def test_an_endpoint_needs_its_configuration_too() -> None:
    props = {"EndpointName": "atoll-a", "EndpointConfigName": "Config-1"}
    for handler, action in (("create", "CreateEndpoint"), ("update", "UpdateEndpoint")):
        right = of(rights("SageMaker::Endpoint", handler, **props), f"sagemaker:{action}")
        assert [arn.rpartition(":")[2] for arn in right.resources] == ["endpoint/atoll-a", "endpoint-config/Config-1"]


def test_a_resource_without_a_name_gets_one_that_no_policy_can_foresee() -> None:
    right = of(rights("SageMaker::EndpointConfig", KmsKeyId="k"), "sagemaker:CreateEndpointConfig")
    assert right.resources[0].startswith("arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/It-")


def test_a_model_is_judged_with_the_keys_of_its_request_and_its_role_is_passed() -> None:
    found = rights("SageMaker::Model", EnableNetworkIsolation=True, ExecutionRoleArn="arn:aws:iam::1:role/r")
    assert of(found, "sagemaker:CreateModel").keys["sagemaker:NetworkIsolation"] == "true"
    assert of(found, "iam:PassRole").resources == ("arn:aws:iam::1:role/r",)
    assert not [each for each in rights("SageMaker::Model") if each.action == "iam:PassRole"]


def test_alarms_are_described_all_at_once() -> None:
    found = rights("CloudWatch::Alarm", AlarmName="atoll-a-5xx")
    assert of(found, "cloudwatch:DescribeAlarms").resources == (f"{PLACE.format(service='cloudwatch')}alarm:*",)
    assert of(found, "cloudwatch:PutMetricAlarm").resources[0].endswith(":alarm:atoll-a-5xx")


@pytest.mark.parametrize("handler", ["create", "update", "delete"])
def test_a_target_and_its_policy_need_what_application_auto_scaling_tries(handler: str) -> None:
    by_type = {
        "ScalableTarget": {"ResourceId": TARGET, "ServiceNamespace": "sagemaker"},
        "ScalingPolicy": {"ScalingTargetId": f"{TARGET}|sagemaker:variant:DesiredInstanceCount|sagemaker"},
    }
    for kind, props in by_type.items():
        alarms = {
            arn.partition(":alarm:")[2]
            for each in rights(f"ApplicationAutoScaling::{kind}", handler, **props)
            if each.action == "cloudwatch:PutMetricAlarm"
            for arn in each.resources
        }
        assert alarms == {"", f"TargetTracking-{TARGET}-AlarmHigh"}


def test_what_a_handler_calls_for_some_properties_only_is_not_needed_without_them() -> None:
    plain = {each.action for each in rights("ApplicationAutoScaling::ScalableTarget", ResourceId=TARGET)}
    assert not plain & {"lambda:PutProvisionedConcurrencyConfig", "application-autoscaling:PutScheduledAction"}
    scheduled = rights("ApplicationAutoScaling::ScalableTarget", ResourceId=TARGET, ScheduledActions=[{}])
    assert of(scheduled, "application-autoscaling:PutScheduledAction")


def test_a_type_of_which_aws_publishes_nothing_is_for_administrators() -> None:
    assert rights("SQS::NoSuchType") == [Right("sqs:*", ("*",))]


def test_a_custom_resource_needs_its_function() -> None:
    change = types.Change(
        kind="Custom::Migrate", handler="create", logical_id="It", props={"ServiceToken": "arn:f"}, place=PLACE
    )
    assert list(types.rights(change)) == [Right("lambda:InvokeFunction", ("arn:f",))]


def test_reading_a_target_tries_nothing() -> None:
    assert list(scaling.tried_first("DescribeScalableTargets", TARGET, place=PLACE)) == []


@pytest.mark.parametrize(
    ("action", "params", "resources"),
    [
        ("logs:PutLogEvents", {"logGroupName": "/a", "logStreamName": "s"}, ["log-group:/a:log-stream:s"]),
        ("logs:CreateLogGroup", {"logGroupName": "/a"}, ["log-group:/a:log-stream:"]),
        ("cloudwatch:DescribeAlarms", {"AlarmNames": ["a"]}, ["alarm:*"]),
        ("cloudwatch:DeleteAlarms", {"AlarmNames": ["a", "b"]}, ["alarm:a", "alarm:b"]),
        ("ecs:UpdateService", {"cluster": "arn:aws:ecs:r:1:cluster/c", "service": "s"}, ["service/c/s"]),
        ("ecs:DescribeTasks", {"cluster": "c", "tasks": ["t"]}, ["task/c/t"]),
        ("events:EnableRule", {"Name": "r"}, ["rule/r"]),
        ("events:EnableRule", {"Name": "r", "EventBusName": "b"}, ["rule/b/r"]),
        ("rds:CreateDBSnapshot", {"DBInstanceIdentifier": "d", "DBSnapshotIdentifier": "s"}, ["db:d", "snapshot:s"]),
        ("sqs:SendMessage", {"QueueUrl": "q"}, []),
    ],
)
def test_a_call_names_its_resources_in_the_form_that_iam_judges(
    action: str, params: dict[str, object], resources: list[str]
) -> None:
    start = PLACE.format(service=action.partition(":")[0])
    assert named(action, params, PLACE) == tuple(f"{start}{each}" for each in resources)
