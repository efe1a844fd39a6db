"""The monitor's ports: batches and reports on moto, and the whole function over the real adapters."""

import json
from collections.abc import Callable
from types import SimpleNamespace
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

COUNTS = {"amount": [1, 1, 0, 0, 0], "days": [1, 0, 1]}
BATCH = ports.Batch(job="b", model=MODEL, version="3", manifest_sha256=sha_of(), rows=2, counts=COUNTS)
MODEL_URI = f"s3://release/models/{MODEL}/{sha_of()}/"
SCORES = "s3://data/scores/january/scores"
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


def report(**changes: object) -> bytes:
    told = {"manifest_sha256": sha_of(), "model_version": "3", "inputs": {"rows": 2, "counts": COUNTS}}
    return json.dumps(told | changes).encode()


@pytest.fixture
def scored(aws: Callable[..., Any], buckets: Any) -> Callable[..., Any]:  # noqa: ANN401 - a boto3 client
    """The processing job `b`, which scored two rows by a released model; gives moto's clients."""
    start(aws("sagemaker"), "b")
    buckets.put_object(Bucket="data", Key="scores/january/scores/report.json", Body=report())
    buckets.put_object(Bucket="release", Key=f"models/{MODEL}/{sha_of()}/model.tar.gz", Body=archive())
    return aws


def start(
    sagemaker: Any,  # noqa: ANN401 - a boto3 client
    name: str,
    *,
    model: str = MODEL_URI,
    scores: str = SCORES,
    arguments: tuple[str, ...] = ("score", "--budget", "50"),
    **more: object,
) -> None:
    """Start a scoring as docs/score.md has it; `more` is of the application."""
    folder, ways = "/opt/ml/processing", {"S3DataType": "S3Prefix", "S3InputMode": "File"}
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        RoleArn="arn:aws:iam::123456789012:role/scoring",
        AppSpecification={"ImageUri": IMAGE, "ContainerArguments": [*arguments], **more},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        ProcessingInputs=[
            {"InputName": "model", "S3Input": {"S3Uri": model, "LocalPath": f"{folder}/input/model", **ways}}
        ],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "scores", "S3Output": {
            "S3Uri": scores, "LocalPath": f"{folder}/output/scores", "S3UploadMode": "EndOfJob"}}]},
    )  # fmt: skip


def batches_of(aws: Callable[..., Any]) -> SageMakerBatches:
    return SageMakerBatches(sagemaker=aws("sagemaker"), s3=aws("s3"), data_bucket="data", release_bucket="release")


def batches_that_find(aws: Callable[..., Any], found: dict[str, Any]) -> SageMakerBatches:
    told = SimpleNamespace(describe_processing_job=lambda **_: found)
    return SageMakerBatches(sagemaker=told, s3=aws("s3"), data_bucket="data", release_bucket="release")


@pytest.mark.parametrize("kind", ["fake", "adapter"])
def test_a_scoring_is_read_with_where_its_rows_lie(kind: str, scored: Callable[..., Any]) -> None:
    batches: ports.Batches = FakeBatches(batches={"b": BATCH}) if kind == "fake" else batches_of(scored)
    assert batches.describe("b") == BATCH


@pytest.mark.parametrize("another", [{"arguments": ("etl", "--score")}, {"model": "s3://data/jobs/a/output/"}])
def test_another_job_and_a_model_that_was_not_released_are_no_scoring(
    scored: Callable[..., Any], another: dict[str, Any]
) -> None:
    start(scored("sagemaker"), "j", **another)
    assert batches_of(scored).describe("j") is None


def test_a_job_without_inputs_is_no_scoring(scored: Callable[..., Any]) -> None:
    """SageMaker asks for no input, whatever the program is called."""
    found = scored("sagemaker").describe_processing_job(ProcessingJobName="b")
    del found["ProcessingInputs"]
    assert batches_that_find(scored, found).describe("b") is None


def test_a_scoring_by_another_program_is_refused_by_its_name(scored: Callable[..., Any]) -> None:
    start(scored("sagemaker"), "j", ContainerEntrypoint=["/bin/sh", "mine.sh"])
    with pytest.raises(ports.BatchError, match=r"/bin/sh, mine\.sh.*isn't measured"):
        batches_of(scored).describe("j")


@pytest.mark.parametrize(
    ("variables", "refused"),
    [({"ATOLL_ROUND": "0"}, True), ({"ATOLL_MANIFEST_SHA256": sha_of(), "ATOLL_MODEL_VERSION": "3"}, False)],
)
def test_a_scoring_may_be_told_which_model_it_must_be_and_nothing_else(
    scored: Callable[..., Any], variables: dict[str, str], *, refused: bool
) -> None:
    """RT-19: whoever starts a job may set any variable of its container. (moto forgets them.)"""
    found = scored("sagemaker").describe_processing_job(ProcessingJobName="b") | {"Environment": variables}
    batches = batches_that_find(scored, found)
    if not refused:
        assert batches.describe("b") == BATCH
        return
    with pytest.raises(ports.BatchError, match=r"ATOLL_ROUND.*isn't measured"):
        batches.describe("b")


def test_scores_that_lie_elsewhere_are_refused_by_their_place(scored: Callable[..., Any]) -> None:
    start(scored("sagemaker"), "j", scores="s3://data/features/a")
    with pytest.raises(ports.BatchError, match=r"leaves its scores at 's3://data/features/a'; expected .*scores/"):
        batches_of(scored).describe("j")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "left no report of a scoring"),
        (report(inputs={"rows": "many"}), "left no report of a scoring"),
        (b" " * 4_000_001, "more than 4,000,000 bytes"),
        (report(manifest_sha256="0" * 64), "reports of 000000000000"),
        (report(inputs={"rows": 2, "counts": COUNTS | {"days": [3, -1, 0]}}), "left no report of a scoring"),
    ],
)
def test_a_report_that_is_none_of_this_model_is_refused_in_words(
    scored: Callable[..., Any], body: bytes, words: str
) -> None:
    scored("s3").put_object(Bucket="data", Key="scores/january/scores/report.json", Body=body)
    with pytest.raises(ports.BatchError, match=words):
        batches_of(scored).describe("b")


def test_a_scoring_that_left_no_report_is_refused_by_the_place(scored: Callable[..., Any]) -> None:
    start(scored("sagemaker"), "j", scores="s3://data/scores/july")
    with pytest.raises(ports.BatchError, match=r"j left no report of a scoring at scores/july/report\.json"):
        batches_of(scored).describe("j")


def test_a_report_that_the_job_did_not_leave_there_is_no_scorings(scored: Callable[..., Any]) -> None:
    """Else a quiet report of another scoring could be told as this one's."""
    found = scored("sagemaker").describe_processing_job(ProcessingJobName="b")
    found["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["LocalPath"] = "/opt/ml/processing/mine"
    told = SimpleNamespace(describe_processing_job=lambda **_: found)
    batches = SageMakerBatches(sagemaker=told, s3=scored("s3"), data_bucket="data", release_bucket="release")
    with pytest.raises(ports.BatchError, match="whole folder that a scoring writes"):
        batches.describe("b")


@pytest.mark.parametrize("left_out", ["ProcessingInputs", "S3Output"])
def test_a_job_without_inputs_or_without_outputs_in_s3_ends_in_words(scored: Callable[..., Any], left_out: str) -> None:
    found = scored("sagemaker").describe_processing_job(ProcessingJobName="b")
    found.pop(left_out, None)
    for output in found["ProcessingOutputConfig"]["Outputs"]:
        output.pop(left_out, None)
    told = SimpleNamespace(describe_processing_job=lambda **_: found)
    batches = SageMakerBatches(sagemaker=told, s3=scored("s3"), data_bucket="data", release_bucket="release")
    if left_out == "ProcessingInputs":
        assert batches.describe("b") is None
        return
    with pytest.raises(ports.BatchError, match="leaves its scores at ''"):
        batches.describe("b")


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


def test_a_note_lies_beside_the_record_and_the_first_one_stays(buckets: Any) -> None:  # noqa: ANN401 - a boto3 client
    notes = S3Notes(S3AuditStore(buckets, bucket="audit"))

    for told in ("first", "second"):
        notes.keep(MODEL, "b-drift", {"what": told})

    assert json.load(buckets.get_object(Bucket="audit", Key=f"notes/{MODEL}/b-drift.json")["Body"]) == {"what": "first"}
    assert buckets.list_objects_v2(Bucket="audit")["KeyCount"] == 1
