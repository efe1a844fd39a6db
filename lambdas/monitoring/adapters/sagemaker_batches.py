"""Scorings, read from SageMaker and S3."""

from typing import Any

from pydantic import BaseModel, NonNegativeInt, ValidationError

from lambdas.monitoring.ports import Batch, BatchError

VARIABLES = {"ATOLL_MANIFEST_SHA256", "ATOLL_MODEL_VERSION"}
"""What a scoring may be told by its environment: which model it must be, and how that one is called."""
FOLDER = "/opt/ml/processing/output/scores"
"""Where a scoring leaves its files in the container (docs/score.md)."""
LARGEST = 4_000_000
"""Bytes of a report; one of 47 features has 10 kB."""


class _Inputs(BaseModel):
    rows: NonNegativeInt
    counts: dict[str, list[NonNegativeInt]]


class _Report(BaseModel):
    manifest_sha256: str
    model_version: str | None
    inputs: _Inputs


class SageMakerBatches:
    """`ports.Batches` over boto3 clients."""

    def __init__(self, *, sagemaker: Any, s3: Any, data_bucket: str, release_bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._sagemaker = sagemaker
        self._s3 = s3
        self._scores = f"s3://{data_bucket}/scores/"
        self._released = f"s3://{release_bucket}/models/"
        self._bucket = data_bucket

    def describe(self, job: str) -> Batch | None:
        """Return the batch, as docs/score.md has jobs; nothing if this isn't one by a released model.

        Raises:
            BatchError: the job ran another program or set other variables, its scores lie elsewhere, or its report
                can't be read or is of another model.
        """
        found = self._sagemaker.describe_processing_job(ProcessingJobName=job)
        application = found["AppSpecification"]
        places = {
            each["InputName"]: each.get("S3Input", {}).get("S3Uri", "") for each in found.get("ProcessingInputs", [])
        }
        model = places.get("model", "")
        if application.get("ContainerArguments", [])[:1] != ["score"] or not model.startswith(self._released):
            return None
        changed = [*application.get("ContainerEntrypoint", []), *sorted(set(found.get("Environment", {})) - VARIABLES)]
        if changed:
            raise BatchError(
                f"{job} sets {', '.join(changed)!r:.200} in the container: what it did isn't what was released, and "
                "isn't measured. Start it without."
            )
        name, sha256, *_ = [*model.removeprefix(self._released).split("/"), ""]
        report = self._report(job, found)
        if report.manifest_sha256 != sha256:
            raise BatchError(f"{job} got the model {sha256:.12} and reports of {report.manifest_sha256:.12}.")
        return Batch(
            job=job,
            model=name,
            version=report.model_version or "",
            manifest_sha256=sha256,
            rows=report.inputs.rows,
            counts=report.inputs.counts,
        )

    def _report(self, job: str, found: dict[str, Any]) -> _Report:
        outputs = found.get("ProcessingOutputConfig", {}).get("Outputs", [])
        [place, *_] = [*(each.get("S3Output", {}) for each in outputs if each["OutputName"] == "scores"), {}]
        uri = place.get("S3Uri", "")
        if not uri.startswith(self._scores):
            raise BatchError(f"{job} leaves its scores at {uri!r:.200}; expected an output 'scores' in {self._scores}.")
        if place.get("LocalPath", "").rstrip("/") != FOLDER:  # a report of another scoring may lie there already
            raise BatchError(
                f"{job} leaves {place.get('LocalPath')!r:.200} at {uri!r:.200}; expected the whole folder that a "
                f"scoring writes, {FOLDER}."
            )
        key = f"{uri.removeprefix(f's3://{self._bucket}/').rstrip('/')}/report.json"
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read(LARGEST + 1)
        except self._s3.exceptions.NoSuchKey as error:
            raise BatchError(f"{job} left no report of a scoring at {key}: nothing is there.") from error
        if len(body) > LARGEST:
            raise BatchError(f"{job} left a report of more than {LARGEST:,} bytes at {key}: that is none of a scoring.")
        try:
            return _Report.model_validate_json(body)
        except ValidationError as error:
            raise BatchError(f"{job} left no report of a scoring at {key}: {error!s:.300}") from error
