"""What the local SageMaker promises of endpoints and CloudFormation, on the real emulator."""

import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.cloud import IMAGE
from tests.contract.sagemaker.scene import Scene, containers, until


def endpoint(scene: Scene, word: str) -> str:
    name = scene.name("endpoint")
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=scene.config(word))
    assert scene.settled(name)["EndpointStatus"] == "InService"
    return name


def test_an_endpoint_answers_with_its_model(scene: Scene) -> None:
    name = endpoint(scene, "amber")
    answer = scene.ask(name, Accept="text/csv", CustomAttributes="reasons=3")
    assert answer["Body"] == b"1,amber\n2,amber\n"
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/csv", "live")
    assert answer["CustomAttributes"] == "seen reasons=3"
    variant = scene.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
    assert variant["DeployedImages"][0]["ResolvedImage"] == IMAGE
    assert variant["CurrentInstanceCount"] == 1
    metrics = scene.cloud.client("cloudwatch").list_metrics(
        Namespace="AWS/SageMaker", Dimensions=[{"Name": "EndpointName", "Value": name}]
    )["Metrics"]
    expected = {"Invocations", "ModelLatency", "Invocation4XXErrors", "Invocation5XXErrors", "InvocationsPerInstance"}
    assert {metric["MetricName"] for metric in metrics} == expected


def test_an_update_puts_the_new_model_into_service(scene: Scene) -> None:
    name, new = endpoint(scene, "old"), scene.config("new")
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, RetainAllVariantProperties=True)
    found = scene.settled(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", new)
    assert scene.ask(name, b"1\n")["Body"] == b"1,new\n"


def test_a_failed_update_leaves_the_old_model_in_service(scene: Scene) -> None:
    name, broken = endpoint(scene, "old"), scene.config("broken")
    before = scene.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=broken)
    found = scene.settled(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", before)
    assert "the manifest's sha256 differs" in found["FailureReason"]
    assert scene.ask(name, b"1\n")["Body"] == b"1,old\n"


def test_an_endpoint_whose_first_model_is_broken_fails(scene: Scene) -> None:
    name = scene.name("endpoint")
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=scene.config("broken"))
    found = scene.settled(name)
    assert found["EndpointStatus"] == "Failed"
    assert "exit code 1" in found["FailureReason"]


def test_only_the_containers_in_service_run(scene: Scene) -> None:
    until(lambda: scene.sagemaker.list_endpoints(StatusEquals="Deleting")["Endpoints"], lambda going: not going)
    before = len(containers(scene.cloud.folder, "serve"))
    name = endpoint(scene, "first")
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=scene.config("second"))
    scene.settled(name)
    until(lambda: len(containers(scene.cloud.folder, "serve")), lambda count: count == before + 1)
    scene.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=scene.config("third", "broken"))
    assert "FailureReason" in scene.settled(name)
    assert len(containers(scene.cloud.folder, "serve")) == before + 1
    scene.sagemaker.delete_endpoint(EndpointName=name)
    until(lambda: len(containers(scene.cloud.folder, "serve")), lambda count: count == before)


def test_a_dead_container_is_a_model_error_and_counts_as_5xx(scene: Scene) -> None:
    before = set(containers(scene.cloud.folder, "serve"))
    name = endpoint(scene, "mortal")
    for process in set(containers(scene.cloud.folder, "serve")) - before:
        os.kill(process, signal.SIGKILL)
    with pytest.raises(ClientError, match="ModelError"):
        scene.ask(name)
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "live"}]
    now = datetime.now(UTC)
    statistics = scene.cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors", Dimensions=dimensions, Statistics=["Sum"],
        StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=5), Period=600,
    )["Datapoints"]  # fmt: skip
    assert sum(point["Sum"] for point in statistics) == 1


def test_what_the_model_refuses_is_a_model_error(scene: Scene) -> None:
    name = endpoint(scene, "amber")
    with pytest.raises(ClientError) as error:
        scene.ask(name, b"boom")
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert (answer["Error"]["Code"], answer["OriginalStatusCode"]) == ("ModelError", 400)
    assert answer["OriginalMessage"] == '{"error": "row 1 can not be read"}'


def test_an_unknown_endpoint_is_a_validation_error(scene: Scene) -> None:
    with pytest.raises(ClientError) as error:
        scene.ask("ghost")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    name = endpoint(scene, "amber")
    scene.sagemaker.delete_endpoint(EndpointName=name)
    until(lambda: name in str(scene.sagemaker.list_endpoints(NameContains=name)["Endpoints"]), lambda found: not found)
    with pytest.raises(ClientError, match="ValidationError"):
        scene.ask(name)


def test_invoking_needs_the_right_on_that_endpoint(scene: Scene) -> None:
    mine, other = endpoint(scene, "mine"), endpoint(scene, "other")
    arn = scene.sagemaker.describe_endpoint(EndpointName=mine)["EndpointArn"]
    runtime = scene.person({"Action": "sagemaker:InvokeEndpoint", "Resource": arn}).client("sagemaker-runtime")
    assert runtime.invoke_endpoint(EndpointName=mine, Body=b"1")["Body"].read() == b"1,mine\n"
    with pytest.raises(ClientError, match="sagemaker:InvokeEndpoint"):
        runtime.invoke_endpoint(EndpointName=other, Body=b"1")
