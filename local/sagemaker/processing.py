"""Processing jobs. Several instances are several processes, on loopback addresses of their own."""

import json
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from local.sagemaker import emulator, images, layout, storage
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError, JobFailedError
from local.sagemaker.jobs import Job, stop_job
from local.sagemaker.records import PROCESSING_JOB, Record

_ROOT = "/opt/ml/"
_DEFAULT_SECONDS = 86400


class ProcessingJob(Job):
    """Runs the image with the job's arguments between its S3 inputs and outputs, once an instance."""

    kind, log_group, prefix = PROCESSING_JOB, "/aws/sagemaker/ProcessingJobs", "Processing"

    def work(self) -> Record:
        """Download, process, upload."""
        app = self.spec["AppSpecification"]
        image = images.pull(self.backend.images, app["ImageUri"]).image
        argv = images.entrypoint_argv(image, app.get("ContainerEntrypoint")) + app.get("ContainerArguments", [])
        s3 = emulator.s3_as(self.spec["RoleArn"])
        first, *others = layout.processing_hosts(self.spec)
        roots = {self.root: first} | {self.root.with_name(f"ml-{host}"): host for host in others}
        for root, host in roots.items():
            layout.write_processing_config(root, self.spec, host)
        for root, source in product(roots, self.spec.get("ProcessingInputs", [])):
            folder = self.folder(source["S3Input"]["LocalPath"], root)
            storage.download(s3, source["S3Input"]["S3Uri"], folder)
        for root, output in product(roots, self._outputs()):
            self.folder(output["S3Output"]["LocalPath"], root)
        self.change("InProgress", ProcessingStartTime=datetime.now(UTC))
        code = self._process(argv, list(roots)[1:])
        message = next(filter(None, (self.text("output/message", root) for root in roots)), "")
        if message:
            self.backend.records.change(self.kind, self.name, ExitMessage=message)
        if code:
            raise JobFailedError(f"AlgorithmError: {message or 'See job logs for more information'}, exit code: {code}")
        for root, output in product(roots, self._outputs()):
            self._upload(s3, output["S3Output"], root)
        return {}

    def folder(self, local_path: str, root: Path) -> Path:
        """The folder that stands for a path below `/opt/ml` in the container with this root; it is made."""
        folder = root / local_path.removeprefix(_ROOT)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _outputs(self) -> list[dict[str, Any]]:
        return self.spec.get("ProcessingOutputConfig", {}).get("Outputs", [])

    def _process(self, argv: list[str], others: list[Path]) -> int:
        own = {"PROCESSING_JOB_NAME": self.name, "PROCESSING_JOB_ARN": self.arn}
        environment = self.spec.get("Environment", {}) | own
        seconds = self.spec.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DEFAULT_SECONDS)
        return self.run_all(argv, environment, others, seconds)

    def _upload(self, s3: Any, output: dict[str, Any], root: Path) -> None:  # noqa: ANN401 - boto3 has no types
        kms_key = self.spec["ProcessingOutputConfig"].get("KmsKeyId")
        for name, path in storage.files_below(self.folder(output["LocalPath"], root)):
            storage.upload(s3, path.read_bytes(), f"{output['S3Uri'].rstrip('/')}/{name}", kms_key)


def create_processing_job(backend: Backend, params: Record) -> Record:
    """CreateProcessingJob."""
    _refuse_unknown(params)
    emulator.require_role(params["RoleArn"], source=PROCESSING_JOB.arn(params["ProcessingJobName"]))
    arn = backend.records.add(PROCESSING_JOB, params, ProcessingJobStatus="InProgress")
    ProcessingJob(backend, params["ProcessingJobName"]).start()
    return {"ProcessingJobArn": arn}


def stop_processing_job(backend: Backend, params: Record) -> Record:
    """StopProcessingJob."""
    stop_job(backend, PROCESSING_JOB, params["ProcessingJobName"])
    return {}


def _refuse_unknown(params: Record) -> None:
    """Refuse what can't be honoured here."""
    inputs = [source.get("S3Input", {}) for source in params.get("ProcessingInputs", [])]
    outputs = [item.get("S3Output", {}) for item in params.get("ProcessingOutputConfig", {}).get("Outputs", [])]
    for item in inputs:
        expected = {"S3DataType": "S3Prefix", "S3InputMode": "File", "S3CompressionType": "None"}
        _require(item, expected | {"S3DataDistributionType": "FullyReplicated"})
    for item in outputs:
        _require(item, {"S3UploadMode": "EndOfJob"})
    for item in inputs + outputs:
        storage.split_uri(item["S3Uri"])


def _require(item: dict[str, Any], expected: dict[str, str]) -> None:
    odd = {name: item[name] for name, value in expected.items() if item.get(name, value) != value}
    path = str(item.get("LocalPath", ""))
    if odd or not path.startswith(_ROOT) or ".." in path:
        raise InvalidRequestError(
            f"The local AWS doesn't know {json.dumps(item)}: it takes S3 objects at a LocalPath below {_ROOT} "
            f"with {expected}."
        )
