"""The monitor's ports: batches and reports on moto, and the whole function over the real adapters."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.monitoring import ports
from lambdas.monitoring.adapters.cloudwatch_reports import CloudWatchReports
from lambdas.monitoring.adapters.connect import connect as connect_monitor
from lambdas.monitoring.adapters.s3_notes import S3Notes
from lambdas.monitoring.adapters.sagemaker_batches import SageMakerBatches
from lambdas.monitoring.handlers.batch_scored import batch_scored
from lambdas.release.adapters.connect import connect as connect_release
from lambdas.release.adapters.mlflow_registry import MlflowRegistry
from lambdas.release.adapters.s3_audit import S3AuditStore
from tests.fakes.artifacts import archive, sha_of
from tests.fakes.monitoring import FakeBatches, FakeReports
from tests.fakes.release import IMAGE, MODEL
from tests.unit.lambdas.test_monitoring import event_of

BATCH = ports.Batch(job="b", model=MODEL, version="3", manifest_sha256=sha_of(), input_uri="s3://data/live/1/")
ENVIRONMENT = {
    "ATOLL_MODELS": MODEL,
    "ATOLL_DATA_BUCKET": "data",
    "ATOLL_RELEASE_BUCKET": "release",
    "ATOLL_AUDIT_BUCKET": "audit",
    "ATOLL_TRACKING_SECRET_ARN": "s",
    "ATOLL_ENDPOINT_SERVICE_ROLE_ARN": "r",
    "ATOLL_MINIMUM_AVERAGE_PRECISION": "0.5",
    "ATOLL_MAXIMUM_REGRESSION": "0.05",
    "ATOLL_SIGNING_KEY_ARN": "k",
    "ATOLL_APPROVER_ROLE_ARN": "p",
    "ATOLL_DEPLOYER_ROLE_ARN": "p",
    "ATOLL_ASKER_ROLE_ARN": "p",
    "ATOLL_TRAINER_ROLE_ARN": "p",
    "ATOLL_SLICE_FIELDS": "amount",
    "ATOLL_SLICE_MINIMUM_ANOMALIES": "30",
    "ATOLL_MAXIMUM_SLICE_REGRESSION": "0.1",
}
ROWS = [["5", "0"], ["15", ""]]


@pytest.fixture
def scored(aws: Callable[..., Any], buckets: Any) -> Callable[..., Any]:  # noqa: ANN401 - a boto3 client
    """A batch transform `b` over two objects, by a released model; gives moto's clients."""
    sagemaker = aws("sagemaker")
    environment = {"ATOLL_MODEL_NAME": MODEL, "ATOLL_MODEL_VERSION": "3", "ATOLL_MANIFEST_SHA256": sha_of()}
    container = {"Image": IMAGE, "Environment": environment}
    sagemaker.create_model(
        ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/r", PrimaryContainer=container
    )
    start(sagemaker, "b", "text/csv")
    for name, row in (("a.csv", b"5,0\n"), ("b.csv", b"15,\n")):
        buckets.put_object(Bucket="data", Key=f"live/1/{name}", Body=row)
    buckets.put_object(Bucket="release", Key=f"models/{MODEL}/{sha_of()}/model.tar.gz", Body=archive())
    return aws


def start(sagemaker: Any, name: str, content_type: str, **more: Any) -> None:  # noqa: ANN401 - a boto3 client
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/live/1/"}}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName="m",
        TransformInput={"DataSource": source, "ContentType": content_type, "SplitType": "Line"},
        TransformOutput={"S3OutputPath": "s3://data/scores/"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **more,
    )


@pytest.mark.parametrize("kind", ["fake", "adapter"])
def test_a_batch_is_read_with_all_of_its_rows(kind: str, scored: Callable[..., Any]) -> None:
    batches: ports.Batches = (
        FakeBatches(batches={"b": BATCH}, inputs={"b": ROWS})
        if kind == "fake"
        else SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3"))
    )
    assert batches.describe("b") == BATCH
    assert list(batches.rows(BATCH)) == ROWS


def test_an_input_of_another_kind_is_refused_in_words(scored: Callable[..., Any]) -> None:
    start(scored("sagemaker"), "j", "application/json")
    with pytest.raises(ports.BatchError, match="uncompressed text/csv under an S3Prefix only"):
        SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3")).describe("j")


@pytest.mark.parametrize("chosen", ["$[1:]", "$[1,0]"])
def test_drift_of_other_columns_than_the_model_got_is_refused_by_name(scored: Callable[..., Any], chosen: str) -> None:
    """F6: the file's columns in another order rang a false alarm, at 10 times the limit."""
    start(scored("sagemaker"), "j", "text/csv", DataProcessing={"InputFilter": chosen})
    with pytest.raises(ports.BatchError, match=r"DataProcessing\.InputFilter"):
        SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3")).describe("j")


def test_a_batch_with_variables_of_its_own_is_refused_by_their_names(scored: Callable[..., Any]) -> None:
    """RT-19: whoever starts a transform may set any variable of its container."""
    start(scored("sagemaker"), "j", "text/csv", Environment={"ATOLL_ROUND": "0"})
    with pytest.raises(ports.BatchError, match=r"ATOLL_ROUND.*isn't measured"):
        SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3")).describe("j")


def test_a_batch_that_joins_its_scores_to_its_rows_is_what_the_model_got(scored: Callable[..., Any]) -> None:
    start(
        scored("sagemaker"), "j", "Text/CSV; charset=utf-8", DataProcessing={"InputFilter": "$", "JoinSource": "Input"}
    )
    found = SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3")).describe("j")
    assert found == dataclasses.replace(BATCH, job="j")


def test_a_mark_of_utf_8_and_empty_lines_are_no_values(scored: Callable[..., Any]) -> None:
    scored("s3").put_object(Bucket="data", Key="live/1/a.csv", Body=b"\xef\xbb\xbf5,0\r\n\n")
    assert list(SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3")).rows(BATCH)) == ROWS


@pytest.mark.parametrize("kind", ["fake", "adapter"])
def test_a_report_lies_where_people_look_for_it(kind: str, scored: Callable[..., Any]) -> None:
    real = CloudWatchReports(s3=scored("s3"), cloudwatch=scored("cloudwatch"), data_bucket="data")
    reports: ports.Reports = FakeReports() if kind == "fake" else real
    assert reports.write(BATCH, {"rows": 2}) == f"s3://data/monitoring/{MODEL}/b/report.json"


def test_the_metric_is_the_one_that_the_alarm_watches(aws: Callable[..., Any]) -> None:
    cloudwatch = aws("cloudwatch")
    datum = {"MetricName": "Drift", "Dimensions": [{"Name": "Model", "Value": MODEL}], "Value": 0.3, "Unit": "None"}
    with Stubber(cloudwatch) as answers:
        answers.add_response("put_metric_data", {}, {"Namespace": "Atoll", "MetricData": [datum]})
        CloudWatchReports(s3=None, cloudwatch=cloudwatch, data_bucket="data").measure(MODEL, 0.3)
        answers.assert_no_pending_responses()


def test_the_connected_monitor_reports_drift_and_announces_it(
    scored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = scored("sns").create_topic(Name="t")["TopicArn"]
    for name, value in (ENVIRONMENT | {"ATOLL_TOPIC_ARN": topic}).items():
        monkeypatch.setenv(name, value)
    connect_monitor.cache_clear()
    world = connect_monitor()
    assert connect_monitor() is world
    assert batch_scored(event_of("b"), world).startswith("alarm: ")
    report = json.loads(scored("s3").get_object(Bucket="data", Key=f"monitoring/{MODEL}/b/report.json")["Body"].read())
    assert (report["rows"], report["status"], report["model_version"]) == (2, "alarm", "3")
    assert scored("s3").list_objects_v2(Bucket="audit")["Contents"][0]["Key"].endswith("-drift.json")
    connect_monitor.cache_clear()


@pytest.mark.usefixtures("aws")
def test_the_release_path_connects_without_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENVIRONMENT | {"ATOLL_TOPIC_ARN": "t"}).items():
        monkeypatch.setenv(name, value)
    connect_release.cache_clear()
    world = connect_release()
    assert world.settings.models == (MODEL,)
    assert isinstance(world.registry, MlflowRegistry)
    connect_release.cache_clear()


def test_a_batch_of_a_model_that_is_gone_is_refused_in_words(scored: Callable[..., Any]) -> None:
    scored("sagemaker").delete_model(ModelName="m")
    with pytest.raises(ports.BatchError, match="used the model m, which is gone"):
        SageMakerBatches(sagemaker=scored("sagemaker"), s3=scored("s3")).describe("b")


def test_a_note_lies_beside_the_record_and_the_first_one_stays(buckets: Any) -> None:  # noqa: ANN401 - a boto3 client
    notes = S3Notes(S3AuditStore(buckets, bucket="audit"))

    for told in ("first", "second"):
        notes.keep(MODEL, "b-drift", {"what": told})

    assert json.load(buckets.get_object(Bucket="audit", Key=f"notes/{MODEL}/b-drift.json")["Body"]) == {"what": "first"}
    assert buckets.list_objects_v2(Bucket="audit")["KeyCount"] == 1
