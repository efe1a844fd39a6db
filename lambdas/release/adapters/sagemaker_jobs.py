"""Training jobs, read from SageMaker."""

from datetime import datetime
from typing import Any

from lambdas.release.records import EndedJob, TrainingJob


class SageMakerJobs:
    """`ports.JobReader` over a boto3 `sagemaker` client."""

    def __init__(self, sagemaker: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._sagemaker = sagemaker
        self._strangers: set[str] = set()

    def describe(self, name: str) -> TrainingJob:
        """Return the job with its tags."""
        job = self._sagemaker.describe_training_job(TrainingJobName=name)
        algorithm = job["AlgorithmSpecification"]
        channels = {c["ChannelName"]: c["DataSource"].get("S3DataSource", {}) for c in job.get("InputDataConfig", [])}
        return TrainingJob(
            name=job["TrainingJobName"],
            arn=job["TrainingJobArn"],
            image=algorithm.get("TrainingImage", ""),
            network_isolated=job.get("EnableNetworkIsolation", False),
            created=job["CreationTime"],
            started=job.get("TrainingStartTime") or job["CreationTime"],
            ended=job.get("TrainingEndTime") or job["CreationTime"],
            artifact_uri=job.get("ModelArtifacts", {}).get("S3ModelArtifacts", ""),
            compression=job.get("OutputDataConfig", {}).get("CompressionType", "GZIP"),
            entrypoint=(*algorithm.get("ContainerEntrypoint", ()), *algorithm.get("ContainerArguments", ())),
            environment=job.get("Environment", {}),
            remote_debug=job.get("RemoteDebugConfig", {}).get("EnableRemoteDebug", False),
            channels={name: source.get("S3Uri", "") for name, source in channels.items()},
            failure_reason=job.get("FailureReason", ""),
            tuning_job=job.get("TuningJobArn", ""),
            tags=self._tags(job["TrainingJobArn"]),
            hyperparameters=job.get("HyperParameters", {}),
        )

    def ended_since(self, since: datetime) -> list[EndedJob]:
        """Return the jobs of people of ours that ended (well or not) since then, the oldest first."""
        pages = self._sagemaker.get_paginator("list_training_jobs").paginate(
            LastModifiedTimeAfter=since, SortBy="CreationTime", SortOrder="Ascending"
        )
        ended = [
            EndedJob(
                name=job["TrainingJobName"],
                arn=job["TrainingJobArn"],
                status=job["TrainingJobStatus"],
                ended=job.get("TrainingEndTime") or job["CreationTime"],
            )
            for page in pages
            for job in page["TrainingJobSummaries"]
            if job["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"}
        ]
        late = (job for job in ended if job.ended >= since and not self._is_a_strangers(job.arn))
        return sorted(late, key=lambda job: job.ended)

    def _is_a_strangers(self, arn: str) -> bool:
        """Say whether a job lacks its submitter's tag; a shared account has many such, so that is asked once."""
        if arn not in self._strangers and "atoll:uid" not in self._tags(arn):
            self._strangers.add(arn)
        return arn in self._strangers

    def _tags(self, arn: str) -> dict[str, str]:
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
