"""Archives, messages, image and jobs: the same tests run against the fakes and against the adapters on moto."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.release import artifact, ports
from lambdas.release.adapters.s3_artifacts import S3Artifacts
from lambdas.release.adapters.sagemaker_jobs import SageMakerJobs
from lambdas.release.adapters.sns_notifier import SnsNotifier
from lambdas.release.adapters.ssm_image import IMAGE_PARAMETER, SsmImage
from lambdas.release.artifact import ArtifactError
from tests.fakes import release as fakes
from tests.fakes.release import IMAGE, MODEL

BOTH = pytest.mark.parametrize("kind", ["fake", "adapter"])
SHA = "e" * 64


def artifacts(kind: str, s3: Any) -> ports.ArtifactStore:  # noqa: ANN401 - a boto3 client
    if kind == "fake":
        return fakes.FakeArtifacts(outputs={"s3://data/jobs/j/model.tar.gz": b"packed"})
    s3.put_object(Bucket="data", Key="jobs/j/model.tar.gz", Body=b"packed")
    return S3Artifacts(s3, release_bucket="release")


@BOTH
def test_an_archive_is_released_once_and_never_replaced(kind: str, buckets: Any, tmp_path: Path) -> None:  # noqa: ANN401
    store = artifacts(kind, buckets)
    (tmp_path / "first").write_bytes(b"first")
    (tmp_path / "second").write_bytes(b"second")
    assert store.release(tmp_path / "first", MODEL, SHA) is True
    assert store.release(tmp_path / "second", MODEL, SHA) is False
    store.fetch_released(MODEL, SHA, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"first"


@BOTH
def test_a_jobs_archive_is_fetched_whole(kind: str, buckets: Any, tmp_path: Path) -> None:  # noqa: ANN401
    artifacts(kind, buckets).fetch("s3://data/jobs/j/model.tar.gz", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"packed"


def test_a_released_archive_lies_under_its_hash(buckets: Any, tmp_path: Path) -> None:  # noqa: ANN401
    (tmp_path / "a").write_bytes(b"x")
    artifacts("adapter", buckets).release(tmp_path / "a", MODEL, SHA)
    assert buckets.list_objects_v2(Bucket="release")["Contents"][0]["Key"] == f"models/{MODEL}/{SHA}/model.tar.gz"


def test_an_archive_that_is_none_of_ours_is_not_fetched(
    buckets: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = artifacts("adapter", buckets)
    with pytest.raises(ArtifactError, match="expected s3://"):
        store.fetch("", tmp_path / "a")
    monkeypatch.setattr("lambdas.release.adapters.s3_artifacts.MAXIMUM_TOTAL_BYTES", 3)
    with pytest.raises(ArtifactError, match="has 6 bytes"):
        store.fetch("s3://data/jobs/j/model.tar.gz", tmp_path / "a")
    assert artifact.MAXIMUM_TOTAL_BYTES > 3


def test_a_release_that_can_not_be_written_is_an_error(aws: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Artifacts(aws("s3"), release_bucket="nowhere").release(tmp_path / "a", MODEL, SHA)


def test_a_message_reaches_the_topic_with_a_subject_that_sns_takes(aws: Callable[..., Any]) -> None:
    sns, sqs = aws("sns"), aws("sqs")
    topic = sns.create_topic(Name="t")["TopicArn"]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    SnsNotifier(sns, topic_arn=topic).tell("Café\n" + "x" * 200, "text: é, whole")
    message = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert message["Subject"] == "Caf??" + "x" * 95
    assert message["Message"] == "text: é, whole"


@BOTH
def test_the_published_image_is_pinned(kind: str, aws: Callable[..., Any]) -> None:
    aws("ssm").put_parameter(Name=IMAGE_PARAMETER, Value=IMAGE, Type="String")
    published: ports.PublishedImage = fakes.FakeImage() if kind == "fake" else SsmImage(aws("ssm"))
    assert published.uri() == IMAGE


def test_a_job_is_read_with_its_tags(aws: Callable[..., Any]) -> None:
    sagemaker = aws("sagemaker")
    sagemaker.create_training_job(
        TrainingJobName="j",
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::123456789012:role/r",
        OutputDataConfig={"S3OutputPath": "s3://data/jobs"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        EnableNetworkIsolation=True,
        HyperParameters={"seed": "7"},
        Tags=[{"Key": "atoll:uid", "Value": "ann"}, {"Key": "atoll:model", "Value": MODEL}],
    )
    job = SageMakerJobs(sagemaker).describe("j")
    assert (job.submitter, job.model, job.image, job.network_isolated) == ("ann", MODEL, IMAGE, True)
    assert job.artifact_uri.startswith("s3://data/jobs/j/")
    assert job.hyperparameters == {"seed": "7"}
    assert job.ended.tzinfo is not None
