"""What the local SageMaker promises of jobs and of IAM, on the real emulator with a tiny container."""

import io
import json
import os
import signal
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local import private
from local.sagemaker import PRIVATE_NAMES
from tests.contract.sagemaker.cloud import ACCOUNT, IMAGE, REGION, stand_in_cloud
from tests.contract.sagemaker.scene import PEOPLE_TRUST, Scene, containers, until


def messages(scene: Scene, group: str, prefix: str) -> list[str]:
    logs = scene.cloud.client("logs")
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
    events = logs.get_log_events(logGroupName=group, logStreamName=streams[0]["logStreamName"])["events"]
    return [event["message"] for event in events]


def test_the_emulator_still_has_the_private_names_that_we_use() -> None:
    assert list(private.problems(PRIVATE_NAMES)) == []


def test_a_training_job_keeps_its_model_its_log_and_its_metrics(scene: Scene) -> None:
    definitions = [{"Name": "rows", "Regex": r"rows=(\d+)"}]
    algorithm = {"TrainingImage": IMAGE, "TrainingInputMode": "File", "MetricDefinitions": definitions}
    job = scene.train(HyperParameters={"word": "amber"}, AlgorithmSpecification=algorithm)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    phases = [item["Status"] for item in job["SecondaryStatusTransitions"]]
    assert phases == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    uri = f"s3://data/jobs/{job['TrainingJobName']}/output/model.tar.gz"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == uri
    archive = scene.s3.get_object(Bucket="data", Key=uri.removeprefix("s3://data/"))["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["word.txt"]
    assert {item["MetricName"]: item["Value"] for item in job["FinalMetricDataList"]} == {"rows": 3}
    assert messages(scene, "/aws/sagemaker/TrainingJobs", job["TrainingJobName"]) == ["rows=3 secrets=[]"]


def test_a_training_job_over_two_instances_is_two_containers(scene: Scene) -> None:
    machines = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
    job = scene.train(ResourceConfig=machines)
    assert job["TrainingJobStatus"] == "Completed"
    group = "/aws/sagemaker/TrainingJobs"
    for instance in ("algo-1", "algo-2"):
        assert messages(scene, group, f"{job['TrainingJobName']}/{instance}") == ["rows=3 secrets=[]"]


def test_a_failed_training_job_says_what_its_container_said(scene: Scene) -> None:
    job = scene.train(HyperParameters={"behaviour": "fail"})
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: the ledger is empty, exit code: 1"


def test_a_training_job_that_takes_too_long_is_stopped(scene: Scene) -> None:
    job = scene.train(HyperParameters={"behaviour": "hang"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_training_job_can_be_stopped(scene: Scene) -> None:
    request = scene.training(HyperParameters={"behaviour": "hang"})
    name = request["TrainingJobName"]
    scene.sagemaker.create_training_job(**request)
    until(
        lambda: scene.sagemaker.describe_training_job(TrainingJobName=name),
        lambda job: job["SecondaryStatus"] == "Training",
    )
    scene.sagemaker.stop_training_job(TrainingJobName=name)
    assert scene.ended("training", name)["TrainingJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="has ended"):
        scene.sagemaker.stop_training_job(TrainingJobName=name)


@pytest.mark.parametrize(
    "image",
    [
        IMAGE.replace("stand/in", "other"),
        IMAGE.partition("@")[0] + ":latest",
        IMAGE.replace("5" * 64, "6" * 64),
    ],
)
def test_an_image_that_is_not_ours_can_not_be_pulled(scene: Scene, image: str) -> None:
    job = scene.train(AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"CannotPullContainerError: {image}")


def test_a_job_reads_s3_with_the_rights_of_its_own_role(scene: Scene) -> None:
    blind = scene.make_role({**PEOPLE_TRUST, "Principal": {"Service": "sagemaker.amazonaws.com"}})
    job = scene.train(RoleArn=blind)
    assert job["TrainingJobStatus"] == "Failed"
    assert "AccessDenied" in job["FailureReason"]


def test_each_change_of_a_training_job_is_an_event(scene: Scene) -> None:
    sqs, events = scene.cloud.client("sqs"), scene.cloud.client("events")
    queue = sqs.create_queue(QueueName="changes")["QueueUrl"]
    pattern = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"]}
    name = scene.name("announced")
    pattern["detail"] = {"TrainingJobStatus": ["Completed", "Failed", "Stopped"], "TrainingJobName": [name]}
    events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:changes"}
    events.put_targets(Rule="changes", Targets=[target])
    job = scene.train(TrainingJobName=name, Tags=[{"Key": "atoll:uid", "Value": "alice"}])
    taken = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages", []), bool)
    event = json.loads(taken[0]["Body"])
    events.remove_targets(Rule="changes", Ids=["queue"])
    assert event["resources"] == [job["TrainingJobArn"]]
    detail = event["detail"]
    assert detail["TrainingJobStatus"] == "Completed"
    assert detail["Tags"] == {"atoll:uid": "alice"}
    assert detail["CreationTime"] == pytest.approx(job["CreationTime"].timestamp() * 1000, abs=1)


def test_a_processing_job_moves_folders_through_the_container(scene: Scene) -> None:
    job = run_etl(scene, "--inject", "7")
    assert job["ProcessingJobStatus"] == "Completed"
    written = scene.s3.get_object(Bucket="data", Key=f"etl/{job['ProcessingJobName']}/note.csv")["Body"].read()
    assert written == b"AMOUNT--inject 7"


def test_a_failed_processing_job_says_what_its_container_said(scene: Scene) -> None:
    job = run_etl(scene, "--fail")
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Failed", "line 3 has no amount")


def run_etl(scene: Scene, *arguments: str) -> dict:
    scene.s3.put_object(Bucket="data", Key="ledgers/x/note.csv", Body=b"amount")
    name = scene.name("etl")
    ledger = {"S3Uri": "s3://data/ledgers/x/note.csv", "LocalPath": "/opt/ml/processing/input/ledger"}
    ledger |= {"S3DataType": "S3Prefix", "S3InputMode": "File"}
    output = {"S3Uri": f"s3://data/etl/{name}", "LocalPath": "/opt/ml/processing/output/features"}
    outputs = [{"OutputName": "features", "S3Output": output | {"S3UploadMode": "EndOfJob"}}]
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    scene.sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingInputs=[{"InputName": "ledger", "S3Input": ledger}],
        ProcessingOutputConfig={"Outputs": outputs},
        ProcessingResources={"ClusterConfig": cluster},
        AppSpecification={"ImageUri": IMAGE, "ContainerArguments": ["etl", *arguments]},
        RoleArn=scene.role,
    )
    return scene.ended("processing", name)


def test_what_the_local_sagemaker_does_not_know_is_refused(scene: Scene) -> None:
    loose = scene.cloud.session().client("sagemaker", config=Config(parameter_validation=False))
    with pytest.raises(ClientError, match="know the operation 'CreateHub'"):
        loose.create_hub(HubName="x", HubDescription="y")
    with pytest.raises(ClientError, match=r"what CreateTrainingJob does with \['CheckpointConfig'\]"):
        loose.create_training_job(**scene.training(CheckpointConfig={"S3Uri": "s3://data/c"}))
    with pytest.raises(ClientError, match=r"the value 'ml\.huge' of CreateTrainingJob"):
        loose.create_training_job(**scene.training(ResourceConfig={"InstanceType": "ml.huge", "InstanceCount": 1}))


def test_names_are_unique_and_lists_find_them(scene: Scene) -> None:
    job = scene.train()
    name = job["TrainingJobName"]
    with pytest.raises(ClientError) as error:
        scene.sagemaker.create_training_job(**scene.training(TrainingJobName=name))
    assert error.value.response["Error"]["Code"] == "ResourceInUse"
    found = scene.sagemaker.list_training_jobs(NameContains=name, StatusEquals="Completed")["TrainingJobSummaries"]
    assert [item["TrainingJobArn"] for item in found] == [job["TrainingJobArn"]]
    ended = found[0]["LastModifiedTime"]
    for since, names in ((ended - timedelta(seconds=1), [name]), (ended + timedelta(seconds=1), [])):
        later = scene.sagemaker.list_training_jobs(NameContains=name, LastModifiedTimeAfter=since)
        assert [item["TrainingJobName"] for item in later["TrainingJobSummaries"]] == names
    with pytest.raises(ClientError, match="Could not find training job"):
        scene.sagemaker.describe_training_job(TrainingJobName="ghost")


@pytest.mark.filterwarnings("ignore")  # the SDK's own deprecations
def test_the_sagemaker_sdk_trains_with_a_persons_narrow_rights(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    from sagemaker.core.helper.session_helper import Session  # noqa: PLC0415 - slow, and only this test's
    from sagemaker.core.shapes import OutputDataConfig, StoppingCondition  # noqa: PLC0415 - the same
    from sagemaker.core.training.configs import Compute, InputData, Networking  # noqa: PLC0415 - the same
    from sagemaker.train import ModelTrainer  # noqa: PLC0415 - the same

    person = scene.person(
        {"Action": ["sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob"], "Resource": "*"},
        {"Action": "iam:PassRole", "Resource": scene.role},
    )
    quiet = {"SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}, "SchemaVersion": "1.0"}
    trainer = ModelTrainer(
        sagemaker_session=Session(boto_session=person, sagemaker_config=quiet),
        training_image=IMAGE,
        role=scene.role,
        base_job_name="sdk",
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1),
        networking=Networking(subnets=["subnet-1"], security_group_ids=["sg-1"], enable_network_isolation=True),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=60),
        output_data_config=OutputDataConfig(s3_output_path="s3://data/jobs"),
        hyperparameters={"word": "sdk"},
    )
    trainer.train(input_data_config=[InputData(channel_name="features", data_source="s3://data/features/")], logs=False)
    found = scene.sagemaker.list_training_jobs(NameContains="sdk-")["TrainingJobSummaries"]
    assert [item["TrainingJobStatus"] for item in found] == ["Completed"]


def test_a_killed_emulator_leaves_no_container(tmp_path: Path) -> None:
    with stand_in_cloud(tmp_path) as cloud:
        scene = Scene(cloud)
        request = scene.training(HyperParameters={"behaviour": "hang"})
        scene.sagemaker.create_training_job(**request)
        until(lambda: containers(tmp_path, "train"), bool)
        (emulator,) = Path(f"/proc/{cloud.pid}/task/{cloud.pid}/children").read_text().split()
        os.kill(int(emulator), signal.SIGKILL)
        until(lambda: containers(tmp_path, "train"), lambda found: not found)
