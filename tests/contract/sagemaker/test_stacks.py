"""What CloudFormation does with SageMaker's types, on the real emulator: release, replace, roll back, remove."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.cloudformation import _name
from local.sagemaker.records import MODEL
from tests.contract.sagemaker.cloud import IMAGE
from tests.contract.sagemaker.scene import Scene, until


class Stack:
    """The endpoint's stack with the model's archive as its parameter."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.name = scene, scene.name("stack")
        self.endpoint = scene.name("endpoint")
        self.cloudformation = scene.cloud.client("cloudformation")

    def template(self) -> str:
        container = {"Image": IMAGE, "ModelDataUrl": {"Ref": "Archive"}}
        variant = {"VariantName": "live", "InitialInstanceCount": "1", "InstanceType": "ml.m5.large",
                   "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]}, "InitialVariantWeight": "1.0"}  # fmt: skip
        dimension, path = "sagemaker:variant:DesiredInstanceCount", f"endpoint/{self.endpoint}/variant/live"
        target = {"ServiceNamespace": "sagemaker", "ScalableDimension": dimension, "ResourceId": path,
                  "MinCapacity": "1", "MaxCapacity": "2"}  # fmt: skip
        metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        tracking = {"TargetValue": "70", "PredefinedMetricSpecification": metric}
        policy = {"PolicyName": "load", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": {"Ref": "Target"},
                  "TargetTrackingScalingPolicyConfiguration": tracking}  # fmt: skip
        resources = {
            "Model": resource("SageMaker::Model", ExecutionRoleArn=self.scene.role, PrimaryContainer=container),
            "Config": resource("SageMaker::EndpointConfig", ProductionVariants=[variant]),
            "Endpoint": resource(
                "SageMaker::Endpoint",
                EndpointName=self.endpoint,
                EndpointConfigName={"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                RetainAllVariantProperties="false",
                Tags=[{"Key": "atoll:release", "Value": {"Ref": "Release"}}],
            ),
            "Target": resource("ApplicationAutoScaling::ScalableTarget", **target) | {"DependsOn": "Endpoint"},
            "Policy": resource("ApplicationAutoScaling::ScalingPolicy", **policy),
        }
        outputs = {"Name": {"Value": {"Fn::GetAtt": ["Endpoint", "EndpointName"]}}, "Arn": {"Value": {"Ref": "Model"}}}
        parameters = {"Archive": {"Type": "String"}, "Release": {"Type": "String"}}
        return json.dumps({"Parameters": parameters, "Resources": resources, "Outputs": outputs})

    def release(self, word: str, *, role: str = "") -> dict[str, Any]:
        values = {"Archive": self.scene.archive(word), "Release": f"r-{word}"}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        change = self.cloudformation.update_stack if self.exists() else self.cloudformation.create_stack
        under = {"RoleARN": role} if role else {}
        change(StackName=self.name, TemplateBody=self.template(), Parameters=parameters, **under)
        return until(self.describe, lambda stack: not stack["StackStatus"].endswith("IN_PROGRESS"))

    def stop(self) -> None:
        """Leave everything out but a parameter, as a stop does."""
        left = resource("SSM::Parameter", Name=f"/{self.name}", Type="String", Value="1")
        template = json.dumps({"Resources": {"Left": left}})
        self.cloudformation.update_stack(StackName=self.name, TemplateBody=template)
        found = until(self.describe, lambda stack: not stack["StackStatus"].endswith("IN_PROGRESS"))
        assert found["StackStatus"] == "UPDATE_COMPLETE"

    def exists(self) -> bool:
        stacks = self.cloudformation.list_stacks()["StackSummaries"]
        return self.name in {stack["StackName"] for stack in stacks}

    def describe(self) -> dict[str, Any]:
        return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        until(self.exists_now, lambda found: not found)

    def exists_now(self) -> bool:
        try:
            return self.describe()["StackStatus"] != "DELETE_COMPLETE"
        except ClientError:
            return False


def resource(kind: str, **properties: object) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def names(scene: Scene, stack: Stack) -> tuple[list[str], list[str]]:
    models = scene.sagemaker.list_models(NameContains=stack.name)["Models"]
    configs = scene.sagemaker.list_endpoint_configs(NameContains=stack.name)["EndpointConfigs"]
    return [item["ModelName"] for item in models], [item["EndpointConfigName"] for item in configs]


def test_a_stack_releases_replaces_rolls_back_and_goes(scene: Scene) -> None:
    stack = Stack(scene)
    made = stack.release("one")
    assert made["StackStatus"] == "CREATE_COMPLETE", stack.cloudformation.describe_stack_events(StackName=stack.name)
    outputs = {item["OutputKey"]: item["OutputValue"] for item in made["Outputs"]}
    assert outputs["Name"] == stack.endpoint
    assert outputs["Arn"].startswith("arn:aws:sagemaker:")
    assert scene.ask(stack.endpoint, b"1\n")["Body"] == b"1,one\n"

    assert stack.release("two")["StackStatus"] == "UPDATE_COMPLETE"
    assert scene.ask(stack.endpoint, b"1\n")["Body"] == b"1,two\n"
    arn = scene.sagemaker.describe_endpoint(EndpointName=stack.endpoint)["EndpointArn"]
    assert {"Key": "atoll:release", "Value": "r-two"} in scene.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    models, configs = names(scene, stack)
    assert (len(models), len(configs)) == (1, 1)

    assert stack.release("broken")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert scene.ask(stack.endpoint, b"1\n")["Body"] == b"1,two\n"
    assert names(scene, stack) == (models, configs)
    assert {"Key": "atoll:release", "Value": "r-two"} in scene.sagemaker.list_tags(ResourceArn=arn)["Tags"]

    scaling = scene.cloud.client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 2)
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70

    stack.delete()
    assert names(scene, stack) == ([], [])
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    with pytest.raises(ClientError, match="Could not find endpoint"):
        scene.sagemaker.describe_endpoint(EndpointName=stack.endpoint)


def test_a_stack_whose_first_endpoint_fails_leaves_nothing(scene: Scene) -> None:
    stack = Stack(scene)
    assert stack.release("broken")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert names(scene, stack) == ([], [])
    assert scene.sagemaker.list_endpoints(NameContains=stack.endpoint)["Endpoints"] == []


def test_a_property_that_is_not_known_fails_the_stack(scene: Scene) -> None:
    cloudformation, name = scene.cloud.client("cloudformation"), scene.name("stack")
    template = {"Resources": {"Model": resource("SageMaker::Model", Colour="red")}}
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    events = until(
        lambda: cloudformation.describe_stack_events(StackName=name)["StackEvents"],
        lambda found: any(event["ResourceStatus"] == "ROLLBACK_COMPLETE" for event in found),
    )
    assert any("CreateModel.Colour" in event.get("ResourceStatusReason", "") for event in events)


def test_a_release_after_a_stop_gets_names_that_what_was_kept_does_not_have(scene: Scene) -> None:
    stack = Stack(scene)
    kept = stack.template

    def template() -> str:
        found = json.loads(kept())
        for name in ("Model", "Config"):
            found["Resources"][name] |= {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Delete"}
        return json.dumps(found)

    stack.template = template
    for word in ("first", "second"):
        assert stack.release(word)["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    stack.stop()
    assert stack.release("third")["StackStatus"] == "UPDATE_COMPLETE"
    assert b"third" in scene.ask(stack.endpoint)["Body"]
    stack.delete()


def test_a_name_that_is_made_up_holds_the_whole_logical_id_and_nothing_had_it_before() -> None:
    stack = "Atoll-Endpoint-" + "m" * 42
    first, second = (_name(MODEL, {}, stack, "AtollModel") for _ in range(2))
    assert first != second
    assert max(len(first), len(second)) <= 63
    assert "-AtollModel-" in first
    assert _name(MODEL, {"ModelName": "given"}, stack, "AtollModel") == "given"
