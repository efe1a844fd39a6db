"""The event that the monitor takes."""

from typing import Literal

from pydantic import AliasPath, Field

from lambdas.release.events import Event


class ProcessingJobEnded(Event):
    """`SageMaker Processing Job State Change` with a final status."""

    source: Literal["aws.sagemaker"]
    kind: Literal["SageMaker Processing Job State Change"] = Field(validation_alias="detail-type")
    job_name: str = Field(validation_alias=AliasPath("detail", "ProcessingJobName"))
    status: Literal["Completed", "Failed", "Stopped"] = Field(
        validation_alias=AliasPath("detail", "ProcessingJobStatus")
    )
