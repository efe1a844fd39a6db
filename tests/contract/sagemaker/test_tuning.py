"""A sweep on the local SageMaker: its training jobs, the best of them, and who may start it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.scene import Scene, until


def sweep(scene: Scene, *, kind: str = "Maximize", strategy: str = "Grid", **static: str) -> dict[str, Any]:
    """A request for a tuning job over the scores 1, 3 and 2."""
    training = scene.training()
    algorithm = training.pop("AlgorithmSpecification")
    del training["TrainingJobName"]
    metrics = [{"Name": "score", "Regex": "score=([0-9.]+);"}]
    ranges = {"CategoricalParameterRanges": [{"Name": "score", "Values": ["1", "3", "2"]}]}
    if strategy != "Grid":
        ranges = {"IntegerParameterRanges": [{"Name": "score", "MinValue": "2", "MaxValue": "9"}]}
    return {
        "HyperParameterTuningJobName": scene.name("sweep"),
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy,
            "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": "score"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": ranges,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": algorithm | {"MetricDefinitions": metrics},
            "StaticHyperParameters": static,
            **training,
        },
        "Tags": [{"Key": "atoll:uid", "Value": "alice"}],
    }


def run(scene: Scene, request: dict[str, Any]) -> dict[str, Any]:
    scene.sagemaker.create_hyper_parameter_tuning_job(**request)
    return ended(scene, request["HyperParameterTuningJobName"])


def ended(scene: Scene, name: str) -> dict[str, Any]:
    return until(
        lambda: scene.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name),
        lambda job: job["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"),
        120,
    )


@pytest.mark.parametrize(("kind", "best"), [("Maximize", "3"), ("Minimize", "1")])
def test_a_sweep_trains_every_combination_and_names_the_best(scene: Scene, kind: str, best: str) -> None:
    job = run(scene, sweep(scene, kind=kind))
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"score": best}
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == float(best)
    name = job["HyperParameterTuningJobName"]
    listed = scene.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    found = listed["TrainingJobSummaries"]
    assert sorted(each["TunedHyperParameters"]["score"] for each in found) == ["1", "2", "3"]
    child = scene.sagemaker.describe_training_job(TrainingJobName=job["BestTrainingJob"]["TrainingJobName"])
    assert child["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    assert child["HyperParameters"]["_tuning_objective_metric"] == "score"
    tags = scene.sagemaker.list_tags(ResourceArn=child["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "atoll:uid", "Value": "alice"}]


def test_a_sweep_whose_every_training_fails_has_failed(scene: Scene) -> None:
    job = run(scene, sweep(scene, behaviour="fail"))
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 3
    assert "BestTrainingJob" not in job


def test_a_stopped_sweep_stops_its_training_jobs(scene: Scene) -> None:
    request = sweep(scene, behaviour="hang")
    name = request["HyperParameterTuningJobName"]
    scene.sagemaker.create_hyper_parameter_tuning_job(**request)
    scene.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = ended(scene, name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["InProgress"] == 0


def test_draws_stay_within_their_range_and_are_the_same_for_the_same_seed(scene: Scene) -> None:
    drawn = []
    for _ in range(2):
        request = sweep(scene, strategy="Random")
        request["HyperParameterTuningJobConfig"]["RandomSeed"] = 7
        name = run(scene, request)["HyperParameterTuningJobName"]
        listed = scene.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        drawn.append([int(each["TunedHyperParameters"]["score"]) for each in listed["TrainingJobSummaries"]])
    assert drawn[0] == drawn[1]
    assert all(2 <= each <= 9 for each in drawn[0])


def test_a_sweep_is_held_to_the_conditions_of_its_training_jobs(scene: Scene) -> None:
    allowed = {"Action": ["sagemaker:CreateHyperParameterTuningJob", "sagemaker:AddTags"], "Resource": "*"}
    isolated = {"Condition": {"Bool": {"sagemaker:NetworkIsolation": "true"}}}
    passing = {"Action": "iam:PassRole", "Resource": scene.role}
    tagging = {"Action": "sagemaker:AddTags", "Resource": "*"}
    alice = scene.person({**allowed, **isolated}, tagging, passing).client("sagemaker")
    request = sweep(scene)
    with pytest.raises(ClientError, match="sagemaker:CreateHyperParameterTuningJob"):
        alice.create_hyper_parameter_tuning_job(**request)
    request["TrainingJobDefinition"]["EnableNetworkIsolation"] = True
    nobody = scene.person({**allowed, **isolated}, tagging).client("sagemaker")
    with pytest.raises(ClientError, match="iam:PassRole"):
        nobody.create_hyper_parameter_tuning_job(**request)
    alice.create_hyper_parameter_tuning_job(**request)
    assert ended(scene, request["HyperParameterTuningJobName"])["HyperParameterTuningJobStatus"] == "Completed"
