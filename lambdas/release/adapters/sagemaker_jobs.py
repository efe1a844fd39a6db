"""Training jobs, read from SageMaker."""

from datetime import datetime
from typing import Any

from lambdas.release.records import EndedJob, TrainingJob


class SageMakerJobs:
    """`ports.JobReader` over a boto3 `sagemaker` client."""

    def __init__(self, sagemaker: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._sagemaker = sagemaker

    def describe(self, name: str) -> TrainingJob:
        """Return the job with its tags."""
        job = self._sagemaker.describe_training_job(TrainingJobName=name)
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=job["TrainingJobArn"])
        algorithm = job["AlgorithmSpecification"]
        channels = {c["ChannelName"]: c["DataSource"].get("S3DataSource", {}) for c in job.get("InputDataConfig", [])}
        return TrainingJob(
            name=job["TrainingJobName"],
            arn=job["TrainingJobArn"],
            image=algorithm.get("TrainingImage", ""),
            network_isolated=job.get("EnableNetworkIsolation", False),
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
            tags={tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]},
            hyperparameters=job.get("HyperParameters", {}),
        )

    def ended_since(self, since: datetime) -> list[EndedJob]:
        """Return the jobs that ended (well or not) since then, the oldest first; those of strangers too."""
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
        return sorted((job for job in ended if job.ended >= since), key=lambda job: job.ended)
