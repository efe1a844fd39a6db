"""Tuning jobs: a sweep of training jobs over ranges of hyperparameters, the best of which is named.

CreateHyperParameterTuningJob: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html
and the API's page of it. Each child is a training job with the tuning job's tags and `_tuning_objective_metric` among
its hyperparameters. Grid tries every combination; all other strategies draw by chance here.
"""

import time
from datetime import UTC, datetime

from local.sagemaker import emulator
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError, JobFailedError, JobStoppedError
from local.sagemaker.jobs import Job, stop_job
from local.sagemaker.records import TRAINING_JOB, TUNING_JOB, Record
from local.sagemaker.search import combinations
from local.sagemaker.training import create_training_job

_POLL_SECONDS = 0.05
_MEMBERS = {"Strategy", "HyperParameterTuningJobObjective", "ResourceLimits", "ParameterRanges", "RandomSeed"}
_OF_CHILD = ("RoleArn", "InputDataConfig", "VpcConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition",
             "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "Environment")  # fmt: skip
_COUNTERS = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
_OUTCOMES = {"Completed": "Completed", "Failed": "NonRetryableError", "Stopped": "Stopped"}


class TuningJob(Job):
    """Trains as many models as its limits say, at most so many at once."""

    kind, log_group, prefix = TUNING_JOB, "", "HyperParameterTuning"

    def work(self) -> Record:
        """Train every combination; the best one becomes a member of the record."""
        config = self.spec["HyperParameterTuningJobConfig"]
        limits, running = config["ResourceLimits"], list[str]()
        for values in combinations(config, self.name):
            while len(running) >= limits["MaxParallelTrainingJobs"]:
                running = self._still_running(running)
            running.append(self._train(values, len(self.children()) + 1))
            self._tell()
        while running:
            running = self._still_running(running)
        if not any(child["TrainingJobStatus"] == "Completed" for child in self.children()):
            raise JobFailedError("All training jobs of the tuning job failed: see their FailureReason.")
        return {}

    def children(self) -> list[Record]:
        """Its training jobs, oldest first."""
        return children(self.backend, self.arn)

    def _train(self, values: dict[str, str], number: int) -> str:
        definition, metric = self.spec["TrainingJobDefinition"], self._objective()["MetricName"]
        name = f"{self.name}-{number:03d}-{emulator.short_id()}"
        given = definition.get("StaticHyperParameters", {}) | values | {"_tuning_objective_metric": metric}
        tags = [{"Key": key, "Value": value} for key, value in self.backend.records.tags(self.arn).items()]
        request = {member: definition[member] for member in _OF_CHILD if member in definition}
        request |= {"TrainingJobName": name, "HyperParameters": given, "Tags": tags}
        request["AlgorithmSpecification"] = definition["AlgorithmSpecification"]
        create_training_job(self.backend, request, of_tuning={"TuningJobArn": self.arn, "TunedHyperParameters": values})
        return name

    def _still_running(self, names: list[str]) -> list[str]:
        """Wait a moment; which of these jobs still run then.

        Raises:
            JobStoppedError: The tuning job is being stopped; its training jobs were stopped before.
        """
        if self.stopping.is_set():
            self._stop(names)
            raise JobStoppedError("Stopped")
        time.sleep(_POLL_SECONDS)
        left = [name for name in names if self._status(name) in ("InProgress", "Stopping")]
        if left != names:
            self._tell()
        return left

    def _stop(self, names: list[str]) -> None:
        for name in names:
            if self._status(name) == "InProgress":
                stop_job(self.backend, TRAINING_JOB, name)
        while any(self._status(name) in ("InProgress", "Stopping") for name in names):
            time.sleep(_POLL_SECONDS)
        self._tell()

    def _status(self, name: str) -> str:
        return self.backend.records.get(TRAINING_JOB, name)["TrainingJobStatus"]

    def _objective(self) -> Record:
        return self.spec["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]

    def _tell(self) -> None:
        """Bring counters and the best training job up to date."""
        counts, objectives = dict.fromkeys(_COUNTERS, 0), {"Succeeded": 0, "Pending": 0, "Failed": 0}
        for child in (found := self.children()):
            counts[_OUTCOMES.get(child["TrainingJobStatus"], "InProgress")] += 1
            has_value = objective_of(child, self._objective()) is not None
            is_over = child["TrainingJobStatus"] in _OUTCOMES
            objectives["Succeeded" if has_value else "Failed" if is_over else "Pending"] += 1
        fields = {"TrainingJobStatusCounters": counts, "ObjectiveStatusCounters": objectives}
        best = best_of(found, self._objective())
        self.backend.records.change(self.kind, self.name, **fields, **({"BestTrainingJob": best} if best else {}))


def children(backend: Backend, tuning_job: str) -> list[Record]:
    """The training jobs of a tuning job's ARN, oldest first."""
    return [each for each in backend.records.all(TRAINING_JOB) if each.get("TuningJobArn") == tuning_job]


def objective_of(child: Record, objective: Record) -> float | None:
    """The value of the objective that a training job reported last; None when it ended otherwise than Completed."""
    if child["TrainingJobStatus"] != "Completed":
        return None
    metrics = child.get("FinalMetricDataList", [])
    return next((each["Value"] for each in metrics if each["MetricName"] == objective["MetricName"]), None)


def best_of(found: list[Record], objective: Record) -> Record | None:
    """The summary of the completed training job with the best objective; the older of two equal ones."""
    values = [(value, child) for child in found if (value := objective_of(child, objective)) is not None]
    choose = max if objective["Type"] == "Maximize" else min
    return summary(choose(values, key=lambda pair: pair[0])[1], objective) if values else None


def summary(child: Record, objective: Record) -> Record:
    """A training job as ListTrainingJobsForHyperParameterTuningJob and BestTrainingJob show it."""
    members = ("TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "CreationTime", "TrainingStartTime",
               "TrainingEndTime", "FailureReason", "TunedHyperParameters")  # fmt: skip
    found = {member: child[member] for member in members if member in child}
    value = objective_of(child, objective)
    if value is None:
        return found
    named = {"Type": objective["Type"], "MetricName": objective["MetricName"], "Value": value}
    return found | {"FinalHyperParameterTuningJobObjectiveMetric": named, "ObjectiveStatus": "Succeeded"}


def create_tuning_job(backend: Backend, params: Record) -> Record:
    """CreateHyperParameterTuningJob."""
    _refuse_unknown(params)
    name = params["HyperParameterTuningJobName"]
    list(combinations(params["HyperParameterTuningJobConfig"], name))  # ranges are refused here, not in the job
    child = TRAINING_JOB.arn(f"{name}-001-{emulator.short_id()}")
    emulator.require_role(params["TrainingJobDefinition"]["RoleArn"], source=child)
    none = dict.fromkeys(_COUNTERS, 0)
    arn = backend.records.add(
        TUNING_JOB,
        params,
        HyperParameterTuningJobStatus="InProgress",
        TrainingJobStatusCounters=none,
        ObjectiveStatusCounters={"Succeeded": 0, "Pending": 0, "Failed": 0},
        HyperParameterTuningStartTime=datetime.now(UTC),
    )
    TuningJob(backend, name).start()
    return {"HyperParameterTuningJobArn": arn}


def stop_tuning_job(backend: Backend, params: Record) -> Record:
    """StopHyperParameterTuningJob: its training jobs are stopped, too."""
    stop_job(backend, TUNING_JOB, params["HyperParameterTuningJobName"])
    return {}


def list_training_jobs(backend: Backend, params: Record) -> Record:
    """ListTrainingJobsForHyperParameterTuningJob, in one page."""
    if unknown := params.keys() - {"HyperParameterTuningJobName", "StatusEquals", "SortBy", "SortOrder", "MaxResults"}:
        raise InvalidRequestError(f"The local AWS doesn't know the filter {sorted(unknown)} of a tuning job's list.")
    job = backend.records.get(TUNING_JOB, params["HyperParameterTuningJobName"])
    objective = job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    found = [each for each in children(backend, job["HyperParameterTuningJobArn"])
             if params.get("StatusEquals", each["TrainingJobStatus"]) == each["TrainingJobStatus"]]  # fmt: skip
    if params.get("SortBy") == "FinalObjectiveMetricValue":
        found = [each for each in found if objective_of(each, objective) is not None]
        found.sort(key=lambda each: objective_of(each, objective) or 0.0)
    if params.get("SortOrder", "Ascending") == "Descending":
        found.reverse()
    return {"TrainingJobSummaries": [summary(each, objective) for each in found[: params.get("MaxResults", 100)]]}


def _refuse_unknown(params: Record) -> None:
    """Refuse what can't be honoured here: several definitions, warm starts, early stopping and other algorithms."""
    config, definition = params["HyperParameterTuningJobConfig"], params.get("TrainingJobDefinition")
    needed = [name for name in ("HyperParameterTuningJobObjective", "ParameterRanges") if name not in config]
    if definition is None or needed:
        raise InvalidRequestError(f"A tuning job needs one TrainingJobDefinition and {needed or 'its objective'} here.")
    odd = sorted(config.keys() - _MEMBERS - {"TrainingJobEarlyStoppingType"})
    odd += sorted(definition.keys() - {*_OF_CHILD, "AlgorithmSpecification", "StaticHyperParameters"})
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        odd.append("TrainingJobEarlyStoppingType")
    if "MaxNumberOfTrainingJobs" not in config["ResourceLimits"]:
        odd.append("ResourceLimits without MaxNumberOfTrainingJobs")
    if odd:
        raise InvalidRequestError(f"The local AWS doesn't know a tuning job with {odd}.")
    names = {each["Name"] for each in definition["AlgorithmSpecification"].get("MetricDefinitions", [])}
    metric = config["HyperParameterTuningJobObjective"]["MetricName"]
    if metric not in names:
        raise InvalidRequestError(f"The objective metric {metric!r} is none of the MetricDefinitions {sorted(names)}.")
