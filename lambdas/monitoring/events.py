"""The event that the monitor takes."""

from typing import Literal

from pydantic import AliasPath, Field

from lambdas.release.events import Event


class TransformJobEnded(Event):
    """`SageMaker Transform Job State Change` with a final status."""

    source: Literal["aws.sagemaker"]
    kind: Literal["SageMaker Transform Job State Change"] = Field(validation_alias="detail-type")
    job_name: str = Field(validation_alias=AliasPath("detail", "TransformJobName"))
    status: Literal["Completed", "Failed", "Stopped"] = Field(
        validation_alias=AliasPath("detail", "TransformJobStatus")
    )
