"""Endpoints: what they run is read from their own configuration; only scores are scores."""

import dataclasses
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from lambdas.release import ports
from lambdas.release.adapters.sagemaker_endpoints import SageMakerEndpoints
from lambdas.release.records import Container, Serving, Stack, Told
from tests.fakes import release as fakes
from tests.fakes.release import IMAGE, MODEL, NOON

BOTH = pytest.mark.parametrize("kind", ["fake", "adapter"])
SHA = "e" * 64
DIGEST = IMAGE.partition("@")[2]
TOLD = Told(decimals="4", threshold="0.25")
TELLING = {"ATOLL_SCORE_DECIMALS": "4", "ATOLL_LABEL_ONLY": "1", "ATOLL_LABEL_THRESHOLD": "0.25"}
ENVIRONMENT = {"ATOLL_MANIFEST_SHA256": SHA, "ATOLL_RELEASE_ID": "r", **TELLING}
OWN = Container(image=IMAGE, data="s3://release/m.tar.gz", environment=ENVIRONMENT)
RUNNING = Serving(
    status="InService", manifest_sha256=SHA, release_id="r", image_digest=DIGEST, told=TOLD, containers=(OWN,)
)


class Stacks:
    """CloudFormation, as far as it tells which endpoint is a stack's."""

    def __init__(self, endpoint: str = f"atoll-{MODEL}", status: str = "CREATE_COMPLETE") -> None:
        self.meta = boto3.client("cloudformation", region_name="us-east-1").meta
        self._found = {
            "ResourceType": "AWS::SageMaker::Endpoint",
            "PhysicalResourceId": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{endpoint}",
            "ResourceStatus": status,
        }

    def describe_stack_resources(self, **_asked: str) -> dict[str, Any]:
        alarm = {"ResourceType": "AWS::CloudWatch::Alarm", "ResourceStatus": "CREATE_COMPLETE"}
        return {"StackResources": [alarm, self._found]}


def endpoints(kind: str, aws: Callable[..., Any], runtime: Any = None) -> ports.Endpoints:  # noqa: ANN401
    if kind == "fake":
        return fakes.FakeEndpoints(running={MODEL: RUNNING})
    sagemaker = aws("sagemaker")
    sagemaker.create_model(
        ModelName="m",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/r",
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": OWN.data, "Environment": ENVIRONMENT},
    )
    variant = {"VariantName": "live", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=f"atoll-{MODEL}", EndpointConfigName="c")
    return SageMakerEndpoints(cloudformation=Stacks(), sagemaker=sagemaker, runtime=runtime)


@BOTH
def test_an_endpoint_says_what_it_runs(kind: str, aws: Callable[..., Any]) -> None:
    found = endpoints(kind, aws)
    assert found.serving(MODEL) == RUNNING
    assert found.serving("another") is None


@pytest.mark.parametrize("gone", ["delete_model", "delete_endpoint_config"])
def test_an_endpoint_whose_configuration_or_model_is_gone_serves_something_unknown(
    gone: str, aws: Callable[..., Any]
) -> None:
    found, sagemaker = endpoints("adapter", aws), aws("sagemaker")
    getattr(sagemaker, gone)(**({"ModelName": "m"} if gone == "delete_model" else {"EndpointConfigName": "c"}))
    assert found.serving(MODEL) == Serving(status="InService", manifest_sha256="", release_id="", lost=True)


def test_an_endpoint_tells_every_container_and_whose_it_is(aws: Callable[..., Any]) -> None:
    sagemaker = aws("sagemaker")
    with Stubber(sagemaker) as answers:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/atoll-{MODEL}"
        at = {"CreationTime": NOON, "LastModifiedTime": NOON}
        config = {"EndpointConfigArn": arn, "CreationTime": NOON}
        variant = {"VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        model = {"ModelArn": arn, "ExecutionRoleArn": arn, "CreationTime": NOON}
        given = {"Image": IMAGE, "ModelDataUrl": OWN.data, "Environment": ENVIRONMENT}
        pending = {"EndpointConfigName": "new"}
        told = {"EndpointName": "e", "EndpointArn": arn, "EndpointConfigName": "old", "EndpointStatus": "Updating"}
        answers.add_response("describe_endpoint", told | at | {"PendingDeploymentSummary": pending})
        shadow = [variant | {"ModelName": "b"}]
        production = [variant | {"ModelName": "a"}, variant]  # the second has no model of its own
        answers.add_response(
            "describe_endpoint_config",
            config
            | {"EndpointConfigName": "old", "ProductionVariants": production, "ShadowProductionVariants": shadow},
        )
        answers.add_response("describe_model", model | {"ModelName": "a", "PrimaryContainer": given})
        source = {"S3DataSource": {"S3Uri": "s3://x/", "S3DataType": "S3Prefix", "CompressionType": "None"}}
        parts = [given | {"ModelDataSource": source}, {"Image": "other", "ModelPackageName": "p"}]
        answers.add_response("describe_model", model | {"ModelName": "b", "Containers": parts})
        answers.add_response(
            "describe_endpoint_config",
            config | {"EndpointConfigName": "new", "ProductionVariants": [variant | {"ModelName": "c"}]},
        )
        changed = given | {"Environment": ENVIRONMENT | {"PYTHONPATH": "/opt/ml/model"}}
        answers.add_response("describe_model", model | {"ModelName": "c", "PrimaryContainer": changed})
        answers.add_response("list_tags", {"Tags": []})
        serving = SageMakerEndpoints(cloudformation=Stacks("another"), sagemaker=sagemaker, runtime=None).serving(MODEL)
    assert serving
    assert not serving.owned
    assert serving.containers == (
        OWN,
        dataclasses.replace(OWN, data=f"{OWN.data} and s3://x/"),
        Container(image="other", data=" and {'ModelPackageName': 'p'}"),
        Container(image=""),
        dataclasses.replace(OWN, environment=changed["Environment"]),
    )


@pytest.mark.parametrize(
    ("stacks", "owned"),
    [(Stacks(), True), (Stacks("another"), False), (Stacks(status="DELETE_COMPLETE"), False)],
)
def test_an_endpoint_is_its_stacks_own_when_that_lists_it(
    stacks: Stacks, owned: object, aws: Callable[..., Any]
) -> None:
    endpoints("adapter", aws)
    found = SageMakerEndpoints(cloudformation=stacks, sagemaker=aws("sagemaker"), runtime=None).serving(MODEL)
    assert found
    assert found.owned == owned


@BOTH
def test_callers_are_refused_from_then_on_and_where_nothing_serves_nobody_minds(
    kind: str, aws: Callable[..., Any]
) -> None:
    found = endpoints(kind, aws)
    found.refuse_callers(MODEL)
    found.refuse_callers("another")
    assert found.serving(MODEL) == dataclasses.replace(RUNNING, refuses=True)


def test_an_endpoint_that_an_operator_cut_off_says_so(aws: Callable[..., Any]) -> None:
    found, sagemaker = endpoints("adapter", aws), aws("sagemaker")
    arn = sagemaker.describe_endpoint(EndpointName=f"atoll-{MODEL}")["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "atoll:callers", "Value": "refused"}])
    assert found.serving(MODEL) == dataclasses.replace(RUNNING, refuses=True)


RAN = "arn:x:cloudformation:us-east-1:1:changeSet/r-by-ann-1/uuid"


@pytest.mark.parametrize(("named", "last"), [("ChangeSetId", RAN), ("listed", RAN), ("none", "")])
def test_a_stack_tells_its_release_and_its_last_change_set(named: str, last: str, aws: Callable[..., Any]) -> None:
    found = {
        "StackName": "s",
        "CreationTime": NOON,
        "StackId": "arn:x:stack/s/1",
        "StackStatus": "UPDATE_ROLLBACK_COMPLETE",
        "StackStatusReason": "it failed",
        "Parameters": [{"ParameterKey": "ReleaseId", "ParameterValue": "r"}],
    }
    name = {"ChangeSetId": RAN} if named == "ChangeSetId" else {}
    executed = {"ChangeSetId": RAN, "ExecutionStatus": "EXECUTE_COMPLETE", "CreationTime": NOON}
    client = aws("cloudformation")
    with Stubber(client) as answers:
        answers.add_response("describe_stacks", {"Stacks": [found | name]})
        if not name:
            answers.add_response("list_change_sets", {"Summaries": [executed] if named == "listed" else []})
        stack = SageMakerEndpoints(cloudformation=client, sagemaker=None, runtime=None).stack(MODEL)
    expected = Stack(status="UPDATE_ROLLBACK_COMPLETE", reason="it failed", release_id="r", change_set=last)
    assert stack == dataclasses.replace(expected, changed=NOON, arn="arn:x:stack/s/1")


def test_a_denied_look_at_an_endpoint_is_not_taken_for_its_absence(aws: Callable[..., Any]) -> None:
    sagemaker = aws("sagemaker")
    found = SageMakerEndpoints(cloudformation=None, sagemaker=sagemaker, runtime=None)
    with Stubber(sagemaker) as answers:
        answers.add_client_error("describe_endpoint", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            found.serving(MODEL)


def answering(aws: Callable[..., Any], body: bytes | None) -> tuple[Any, Stubber]:
    runtime = aws("sagemaker-runtime")
    stubber = Stubber(runtime)
    if body is None:
        stubber.add_client_error("invoke_endpoint", "ModelError")
    else:
        stubber.add_response("invoke_endpoint", {"Body": StreamingBody(BytesIO(body), len(body))})
    return runtime, stubber


@BOTH
def test_an_endpoint_scores_each_row(kind: str, aws: Callable[..., Any]) -> None:
    body = json.dumps({"predictions": [{"score": 0.25}, {"score": 0.75}], "model_version": "1"}).encode()
    runtime, stubber = answering(aws, body)
    with stubber:
        assert endpoints(kind, aws, runtime).invoke(MODEL, [[1.0, None], [2.0, 3.0]]) == [0.25, 0.75]


def test_an_endpoint_of_labels_gives_labels(aws: Callable[..., Any]) -> None:
    runtime, stubber = answering(aws, b'{"predictions": [{"label": 1}, {"label": 0}]}')
    with stubber:
        assert endpoints("adapter", aws, runtime).invoke(MODEL, [[1.0], [2.0]]) == [1.0, 0.0]


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"no json",
        b"[]",
        b'{"predictions": [{"score": null}]}',
        b'{"error": "x"}',
        b'{"predictions": [{"score": 1%b}]}' % (b"0" * 400),
        b'{"predictions": [{"score": 1%b}]}' % (b"0" * 5000),
        b'{"predictions": ' + b"[" * 100_000,
        b'{"predictions": [7, "score", []]}',
        b'{"predictions": 7}',
        b"\xff\xfe",
        b'{"predictions": [' + b'{"score": 1},' * 200_000,
    ],
)
def test_an_answer_that_is_no_score_is_an_error_of_the_endpoint(body: bytes | None, aws: Callable[..., Any]) -> None:
    runtime, stubber = answering(aws, body)
    with stubber, pytest.raises(ports.EndpointAnswerError, match=f"atoll-{MODEL}"):
        endpoints("adapter", aws, runtime).invoke(MODEL, [[1.0]])


def test_an_answer_that_never_comes_is_an_error_of_the_endpoint(aws: Callable[..., Any]) -> None:
    class Silent:
        def invoke_endpoint(self, **_call: object) -> None:
            raise ReadTimeoutError(endpoint_url="https://runtime")

    with pytest.raises(ports.EndpointAnswerError, match="gave no answer in time"):
        endpoints("adapter", aws, Silent()).invoke(MODEL, [[1.0]])


def test_a_throttled_call_is_not_the_models_fault(aws: Callable[..., Any]) -> None:
    runtime = aws("sagemaker-runtime")
    found = endpoints("adapter", aws, runtime)
    with Stubber(runtime) as answers:
        answers.add_client_error("invoke_endpoint", "ThrottlingException")
        with pytest.raises(ClientError, match="Throttling"):
            found.invoke(MODEL, [[1.0]])
