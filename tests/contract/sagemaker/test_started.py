"""Who started a job, as CloudTrail on the local AWS tells it: the caller, in the caller's role, minutes later."""

from datetime import timedelta
from typing import Any

from lambdas.release import events
from lambdas.release.adapters.cloudtrail_trail import CloudTrailTrail
from lambdas.release.adapters.sagemaker_jobs import SageMakerJobs
from lambdas.release.records import Start, TrainingJob
from tests.contract.sagemaker.scene import Scene, until
from tests.contract.sagemaker.test_tuning import sweep

CLOCKS = timedelta(minutes=1)
MAY_TRAIN = (
    {"Action": ["sagemaker:CreateTrainingJob", "sagemaker:AddTags"], "Resource": "*"},
    {"Action": "iam:PassRole", "Resource": "*"},
)


def calls(scene: Scene, name: str, job: TrainingJob) -> list[Any]:
    trail = CloudTrailTrail(scene.cloud.client("cloudtrail"))
    return trail.calls(name, job.created - CLOCKS, until=job.created + CLOCKS)


def start_of(scene: Scene, job: TrainingJob) -> Start | None:
    made = map(events.start_of, calls(scene, "CreateTrainingJob", job))
    return next((each for each in made if each and each.arn == job.arn), None)


def test_the_trail_names_the_session_and_the_role_that_started_a_job(scene: Scene) -> None:
    request = scene.training(Tags=[{"Key": "atoll:uid", "Value": "bob"}])
    person = scene.person(*MAY_TRAIN, uid="alice")
    person.client("sagemaker").create_training_job(**request)
    job = SageMakerJobs(scene.sagemaker).describe(request["TrainingJobName"])
    start = until(lambda: start_of(scene, job), bool)
    assert (start.who, job.submitter) == ("alice", "bob")
    assert start.role.rpartition("/")[2] in {
        role["RoleName"] for role in scene.cloud.client("iam").list_roles()["Roles"]
    }
    assert abs(start.at - job.created) < timedelta(seconds=5)


def test_the_trail_tells_of_a_tuning_job_and_of_no_call_for_its_trials(scene: Scene) -> None:
    request = sweep(scene)
    name = request["HyperParameterTuningJobName"]
    arn = scene.sagemaker.create_hyper_parameter_tuning_job(**request)["HyperParameterTuningJobArn"]

    def trials() -> list[Any]:
        found = scene.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return found["TrainingJobSummaries"]

    first = until(trials, bool)[0]["TrainingJobName"]
    trial = SageMakerJobs(scene.sagemaker).describe(first)

    def told() -> list[str]:
        made = (call for call in calls(scene, "CreateHyperParameterTuningJob", trial) if call.get("responseElements"))
        asked = {call["responseElements"]["hyperParameterTuningJobArn"]: call["requestParameters"] for call in made}
        return [asked[arn]["hyperParameterTuningJobName"]] if arn in asked else []

    assert until(told, bool) == [name]
    assert start_of(scene, trial) is None
