"""Batch transforms, read from SageMaker and S3."""

import csv
from codecs import getreader
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdas.monitoring.ports import Batch, BatchError

WHOLE = "$"
"""The InputFilter that filters nothing, and SageMaker's default:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataProcessing.html"""


class SageMakerBatches:
    """`ports.Batches` over boto3 clients."""

    def __init__(self, *, sagemaker: Any, s3: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._sagemaker = sagemaker
        self._s3 = s3

    def describe(self, job: str) -> Batch:
        """Return the batch.

        Raises:
            BatchError: its input is compressed, no CSV, listed in a manifest file, or not what the model got; it sets
                variables; or its model is gone.
        """
        found = self._sagemaker.describe_transform_job(TransformJobName=job)
        chosen = found.get("DataProcessing", {}).get("InputFilter", WHOLE)
        if chosen != WHOLE:
            raise BatchError(
                f"{job} sets DataProcessing.InputFilter to {chosen!r}: the model got other columns than the file has, "
                "so the file's drift would say nothing. Write the model's columns alone; join ids to the scores later."
            )
        if own := sorted(found.get("Environment", {})):
            raise BatchError(
                f"{job} sets {', '.join(own)!r:.200} in the container: what it did isn't what was released, and isn't "
                "measured. Start it without Environment."
            )
        given = found["TransformInput"]
        source = given["DataSource"]["S3DataSource"]
        media_type = given.get("ContentType", "").partition(";")[0].strip().lower()
        kinds = (given.get("CompressionType", "None"), media_type, source["S3DataType"])
        if kinds != ("None", "text/csv", "S3Prefix"):
            raise BatchError(f"{job} reads {kinds}; the monitor reads uncompressed text/csv under an S3Prefix only.")
        container = self._container(job, found["ModelName"])
        environment = container.get("Environment", {})
        return Batch(
            job=job,
            model=environment.get("ATOLL_MODEL_NAME", ""),
            version=environment.get("ATOLL_MODEL_VERSION", ""),
            manifest_sha256=environment.get("ATOLL_MANIFEST_SHA256", ""),
            input_uri=source["S3Uri"],
        )

    def _container(self, job: str, model: str) -> dict[str, Any]:
        try:
            return self._sagemaker.describe_model(ModelName=model)["PrimaryContainer"]
        except ClientError as error:
            if "could not find" in str(error).lower():
                raise BatchError(
                    f"{job} used the model {model}, which is gone: nobody can say what scored it."
                ) from error
            raise

    def rows(self, batch: Batch) -> Iterator[Sequence[str]]:
        """Yield the rows of all of its CSV input, as a stream."""
        bucket, _, prefix = batch.input_uri.removeprefix("s3://").partition("/")
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for key in (item["Key"] for page in pages for item in page.get("Contents", [])):
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
            yield from filter(None, csv.reader(getreader("utf-8-sig")(body)))  # an empty line holds no row
