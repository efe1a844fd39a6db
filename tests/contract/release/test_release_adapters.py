"""Messages, image and jobs: the same tests run against the fakes and against the adapters on moto."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lambdas.release import ports  # noqa: TC001 - as the other names here, at run time
from lambdas.release.adapters.sagemaker_jobs import SageMakerJobs
from lambdas.release.adapters.sns_notifier import SnsNotifier
from lambdas.release.adapters.ssm_image import IMAGE_PARAMETER, SsmImage
from tests.fakes import release as fakes
from tests.fakes.release import IMAGE, MODEL, NOON

BOTH = pytest.mark.parametrize("kind", ["fake", "adapter"])


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


@BOTH
def test_of_a_shared_accounts_jobs_only_those_of_our_people_ended(kind: str) -> None:
    shared = SharedAccount(ours="a", strangers="b")
    world = fakes.FakeWorld()
    for name in ("a", "b"):
        world.finish(fakes.job(name, submitter="ann" if name == "a" else ""), world.trained())
    jobs: ports.JobReader = world.jobs if kind == "fake" else SageMakerJobs(shared)
    for _ in range(3):  # the reconciler asks every quarter of an hour
        assert [job.name for job in jobs.ended_since(NOON - timedelta(days=1))] == ["a"]
    assert shared.asked.count("b") <= 1


class SharedAccount:
    """A `sagemaker` client that knows one job of ours and one of others."""

    def __init__(self, *, ours: str, strangers: str) -> None:
        self._tags = {ours: [{"Key": "atoll:uid", "Value": "ann"}], strangers: [{"Key": "team", "Value": "payroll"}]}
        self.asked: list[str] = []

    def get_paginator(self, _name: str) -> "SharedAccount":
        return self

    def paginate(self, ResourceArn: str = "", **_given: object) -> list[dict[str, Any]]:  # noqa: N803 - boto3's word
        if ResourceArn:
            self.asked.append(ResourceArn)
            return [{"Tags": self._tags[ResourceArn]}]
        about = {"TrainingJobStatus": "Completed", "CreationTime": NOON}
        return [{"TrainingJobSummaries": [{"TrainingJobName": n, "TrainingJobArn": n} | about for n in self._tags]}]


def test_what_a_job_ran_and_took_is_read_from_its_description() -> None:
    sagemaker = DescribedJob(
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "ContainerEntrypoint": ["sh", "-c"],
            "ContainerArguments": ["anything"],
        },
        Environment={"PYTHONPATH": "/opt/ml/input"},
        RemoteDebugConfig={"EnableRemoteDebug": True},
        InputDataConfig=[
            {"ChannelName": "features", "DataSource": {"S3DataSource": {"S3Uri": "s3://data/features/run/"}}},
            {"ChannelName": "files", "DataSource": {"FileSystemDataSource": {"FileSystemId": "fs-1"}}},
        ],
    )
    job = SageMakerJobs(sagemaker).describe("j")
    assert job.entrypoint == ("sh", "-c", "anything")
    assert job.environment == {"PYTHONPATH": "/opt/ml/input"}
    assert job.remote_debug
    assert job.channels == {"features": "s3://data/features/run/", "files": ""}
    assert (job.started, job.ended) == (NOON, NOON)


class DescribedJob:
    """A `sagemaker` client that knows one job: moto's keeps few of a job's fields."""

    def __init__(self, **fields: object) -> None:
        self._fields = fields

    def describe_training_job(self, TrainingJobName: str) -> dict[str, Any]:  # noqa: N803 - boto3's word
        return {
            "TrainingJobName": TrainingJobName,
            "TrainingJobArn": "arn:x:training-job/j",
            "CreationTime": NOON,
            **self._fields,
        }

    def get_paginator(self, _name: str) -> "DescribedJob":
        return self

    def paginate(self, **_given: str) -> list[dict[str, Any]]:
        return [{"Tags": []}]
