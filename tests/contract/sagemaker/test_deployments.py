"""What ends a deployment, and what a deletion that failed leaves: as on AWS, a success told is no proof."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.scene import Scene, until
from tests.contract.sagemaker.test_stacks import Stack


def in_service(scene: Scene, word: str) -> tuple[str, str]:
    name, config = scene.name("endpoint"), scene.config(word)
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert scene.settled(name)["EndpointStatus"] == "InService"
    return name, config


def is_gone(scene: Scene, name: str) -> bool:
    try:
        scene.sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        return "Could not find" in str(error)
    return False


def watched_by(*alarms: str) -> dict[str, Any]:
    traffic = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60}
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": traffic},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": each} for each in alarms]},
    }


@pytest.mark.parametrize(("state", "serves"), [("ALARM", b"old"), ("OK", b"new")])
def test_an_alarm_that_the_old_fleet_rings_ends_a_deployment_without_a_reason(
    scene: Scene, state: str, serves: bytes
) -> None:
    name, old = in_service(scene, "old")
    cloudwatch, alarm = scene.cloud.client("cloudwatch"), scene.name("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="the old fleet")
    new = scene.config("new")
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=watched_by(alarm))
    found = scene.settled(name)
    expected = {"ALARM": old, "OK": new}[state]
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", expected)
    assert "FailureReason" not in found
    assert serves in scene.ask(name)["Body"]
    scene.sagemaker.delete_endpoint(EndpointName=name)


def test_an_endpoint_whose_configuration_is_gone_serves_on_and_cannot_be_updated(scene: Scene) -> None:
    name, config = in_service(scene, "orphan")
    scene.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    assert b"orphan" in scene.ask(name)["Body"]
    with pytest.raises(ClientError, match="Could not find"):
        scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=scene.config("new"))
    scene.sagemaker.delete_endpoint(EndpointName=name)


def test_a_deletion_is_done_when_the_endpoint_is_not_found(scene: Scene) -> None:
    name, _ = in_service(scene, "word")
    scene.sagemaker.delete_endpoint(EndpointName=name)
    until(lambda: is_gone(scene, name), bool)


def test_an_endpoint_under_maintenance_outlives_the_update_that_leaves_it_out(scene: Scene) -> None:
    stack = Stack(scene)
    assert stack.release("kept")["StackStatus"] == "CREATE_COMPLETE"
    arn = scene.sagemaker.describe_endpoint(EndpointName=stack.endpoint)["EndpointArn"]
    maintained = {"Key": "local-aws:status", "Value": "SystemUpdating"}
    scene.sagemaker.add_tags(ResourceArn=arn, Tags=[maintained])
    with pytest.raises(ClientError, match="in status SystemUpdating"):
        scene.sagemaker.delete_endpoint(EndpointName=stack.endpoint)
    left = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/{stack.name}", "Type": "String", "Value": "1"}}
    stack.cloudformation.update_stack(StackName=stack.name, TemplateBody=json.dumps({"Resources": {"Left": left}}))
    found = until(stack.describe, lambda each: not each["StackStatus"].endswith("IN_PROGRESS"))
    assert found["StackStatus"] == "UPDATE_COMPLETE"
    resources = stack.cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    assert [each["LogicalResourceId"] for each in resources] == ["Left"]
    assert b"kept" in scene.ask(stack.endpoint)["Body"]
    stack.delete()
    scene.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "local-aws:status", "Value": "InService"}])
    scene.sagemaker.delete_endpoint(EndpointName=stack.endpoint)


def test_a_tag_cuts_every_caller_off_whose_right_demands_another(scene: Scene) -> None:
    name, _ = in_service(scene, "word")
    arn = scene.sagemaker.describe_endpoint(EndpointName=name)["EndpointArn"]
    admitted = {"StringEquals": {"aws:ResourceTag/atoll:callers": "admitted"}}
    refusing = {"StringEquals": {"aws:RequestTag/atoll:callers": "refused"}}
    caller = scene.person({"Action": "sagemaker:InvokeEndpoint", "Resource": arn, "Condition": admitted})
    operator = scene.person({"Action": "sagemaker:AddTags", "Resource": arn, "Condition": refusing})
    scene.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "atoll:callers", "Value": "admitted"}])
    runtime = caller.client("sagemaker-runtime")
    assert runtime.invoke_endpoint(EndpointName=name, Body=b"1")["Body"].read() == b"1,word\n"
    operator.client("sagemaker").add_tags(ResourceArn=arn, Tags=[{"Key": "atoll:callers", "Value": "refused"}])
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:InvokeEndpoint"):
        runtime.invoke_endpoint(EndpointName=name, Body=b"1")
    with pytest.raises(ClientError, match="sagemaker:AddTags"):
        operator.client("sagemaker").add_tags(ResourceArn=arn, Tags=[{"Key": "atoll:callers", "Value": "admitted"}])
    scene.sagemaker.delete_endpoint(EndpointName=name)
