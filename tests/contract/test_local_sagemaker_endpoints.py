"""What the local SageMaker promises of endpoints, batch transform and CloudFormation, on the real emulator."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.stand_in_cloud import IMAGE, stand_in_cloud
from tests.contract.stand_in_scene import Scene, until


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with stand_in_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield Scene(cloud)


def endpoint(scene: Scene, word: str) -> str:
    name = scene.name("endpoint")
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=scene.config(word))
    assert scene.settled(name)["EndpointStatus"] == "InService"
    return name


def ask(scene: Scene, name: str, body: bytes = b"1\n2\n", **more: str) -> dict[str, Any]:
    runtime = scene.cloud.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=name, Body=body, ContentType="text/csv", **more)
    return answer | {"Body": answer["Body"].read()}


def test_an_endpoint_answers_with_its_model(scene: Scene) -> None:
    name = endpoint(scene, "amber")
    answer = ask(scene, name, Accept="text/csv", CustomAttributes="reasons=3")
    assert answer["Body"] == b"1,amber\n2,amber\n"
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/csv", "live")
    assert answer["CustomAttributes"] == "seen reasons=3"
    variant = scene.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
    assert variant["DeployedImages"][0]["ResolvedImage"] == IMAGE
    assert variant["CurrentInstanceCount"] == 1
    metrics = scene.cloud.client("cloudwatch").list_metrics(
        Namespace="AWS/SageMaker", Dimensions=[{"Name": "EndpointName", "Value": name}]
    )["Metrics"]
    expected = {"Invocations", "ModelLatency", "Invocation4XXErrors", "Invocation5XXErrors"}
    assert {metric["MetricName"] for metric in metrics} == expected


def test_an_update_puts_the_new_model_into_service(scene: Scene) -> None:
    name, new = endpoint(scene, "old"), scene.config("new")
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, RetainAllVariantProperties=True)
    found = scene.settled(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", new)
    assert ask(scene, name, b"1\n")["Body"] == b"1,new\n"


def test_a_failed_update_leaves_the_old_model_in_service(scene: Scene) -> None:
    name, broken = endpoint(scene, "old"), scene.config("broken")
    before = scene.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=broken)
    found = scene.settled(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", before)
    assert "the manifest's sha256 differs" in found["FailureReason"]
    assert ask(scene, name, b"1\n")["Body"] == b"1,old\n"


def test_an_endpoint_whose_first_model_is_broken_fails(scene: Scene) -> None:
    name = scene.name("endpoint")
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=scene.config("broken"))
    found = scene.settled(name)
    assert found["EndpointStatus"] == "Failed"
    assert "exit code 1" in found["FailureReason"]


def test_what_the_model_refuses_is_a_model_error(scene: Scene) -> None:
    name = endpoint(scene, "amber")
    with pytest.raises(ClientError) as error:
        ask(scene, name, b"boom")
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert (answer["Error"]["Code"], answer["OriginalStatusCode"]) == ("ModelError", 400)
    assert answer["OriginalMessage"] == '{"error": "row 1 can not be read"}'


def test_an_unknown_endpoint_is_a_validation_error(scene: Scene) -> None:
    with pytest.raises(ClientError) as error:
        ask(scene, "ghost")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    name = endpoint(scene, "amber")
    scene.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match="ValidationError"):
        ask(scene, name)


def test_invoking_needs_the_right_on_that_endpoint(scene: Scene) -> None:
    mine, other = endpoint(scene, "mine"), endpoint(scene, "other")
    arn = scene.sagemaker.describe_endpoint(EndpointName=mine)["EndpointArn"]
    runtime = scene.person({"Action": "sagemaker:InvokeEndpoint", "Resource": arn}).client("sagemaker-runtime")
    assert runtime.invoke_endpoint(EndpointName=mine, Body=b"1")["Body"].read() == b"1,mine\n"
    with pytest.raises(ClientError, match="sagemaker:InvokeEndpoint"):
        runtime.invoke_endpoint(EndpointName=other, Body=b"1")


def transform(scene: Scene, model: str, **changes: object) -> dict[str, Any]:
    name = scene.name("transform")
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/live/"}
    scene.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://data/scores/{name}", "AssembleWith": "Line", "Accept": "text/csv"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    )
    return scene.ended("transform", name)


def test_batch_transform_keeps_count_and_order_over_many_requests(scene: Scene) -> None:
    rows = [f"{number:06d}" for number in range(200_000)]
    scene.s3.put_object(Bucket="data", Key="live/deep/rows.csv", Body="\n".join(rows).encode())
    job = transform(scene, scene.model("w"), MaxPayloadInMB=1, BatchStrategy="MultiRecord")
    assert job["TransformJobStatus"] == "Completed", job
    key = f"scores/{job['TransformJobName']}/deep/rows.csv.out"
    scores = scene.s3.get_object(Bucket="data", Key=key)["Body"].read().decode().splitlines()
    scene.s3.delete_object(Bucket="data", Key="live/deep/rows.csv")
    assert scores == [f"{row},w" for row in rows]


def test_batch_transform_fails_when_the_model_refuses_a_row(scene: Scene) -> None:
    scene.s3.put_object(Bucket="data", Key="live/bad.csv", Body=b"1\nboom\n")
    job = transform(scene, scene.model("w"))
    scene.s3.delete_object(Bucket="data", Key="live/bad.csv")
    assert job["TransformJobStatus"] == "Failed"
    assert "row 1 can not be read" in job["FailureReason"]


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

    def release(self, word: str) -> dict[str, Any]:
        archive = self.scene.train(HyperParameters={"word": word})["ModelArtifacts"]["S3ModelArtifacts"]
        values = {"Archive": archive, "Release": f"r-{word}"}
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        change = self.cloudformation.update_stack if self.exists() else self.cloudformation.create_stack
        change(StackName=self.name, TemplateBody=self.template(), Parameters=parameters)
        return until(self.describe, lambda stack: not stack["StackStatus"].endswith("IN_PROGRESS"))

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
    assert ask(scene, stack.endpoint, b"1\n")["Body"] == b"1,one\n"

    assert stack.release("two")["StackStatus"] == "UPDATE_COMPLETE"
    assert ask(scene, stack.endpoint, b"1\n")["Body"] == b"1,two\n"
    arn = scene.sagemaker.describe_endpoint(EndpointName=stack.endpoint)["EndpointArn"]
    assert {"Key": "atoll:release", "Value": "r-two"} in scene.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    models, configs = names(scene, stack)
    assert (len(models), len(configs)) == (1, 1)

    assert stack.release("broken")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ask(scene, stack.endpoint, b"1\n")["Body"] == b"1,two\n"
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
