"""Training jobs. Several instances are several processes, on loopback addresses of their own."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.sagemaker import emulator, images, layout, storage
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError, JobFailedError, JobStoppedError
from local.sagemaker.jobs import Job, stop_job
from local.sagemaker.metrics import MetricScan
from local.sagemaker.records import TRAINING_JOB, Record

_LOGS = "/aws/sagemaker/TrainingJobs"
_DEFAULT_SECONDS = 86400


class TrainingJob(Job):
    """Runs `<image> train` on SageMaker's folder layout and keeps `model/` as an archive in S3."""

    kind, log_group, prefix = TRAINING_JOB, _LOGS, "Training"

    def work(self) -> Record:
        """Download, train, upload."""
        spec = self.spec
        algorithm = spec["AlgorithmSpecification"]
        image = images.pull(self.backend.images, algorithm["TrainingImage"]).image
        argv = images.entrypoint_argv(image, algorithm.get("ContainerEntrypoint"))
        s3 = emulator.s3_as(spec["RoleArn"])
        self.enter("Downloading")
        layout.write_training_config(self.root, spec, layout.training_hosts(spec)[0])
        for channel in spec.get("InputDataConfig", []):
            folder = self.root / "input" / "data" / channel["ChannelName"]
            folder.mkdir(parents=True, exist_ok=True)
            storage.download(s3, channel["DataSource"]["S3DataSource"]["S3Uri"], folder)
        others = [self._another(host) for host in layout.training_hosts(spec)[1:]]
        self.enter("Training", TrainingStartTime=datetime.now(UTC))
        started, scan = time.monotonic(), MetricScan(algorithm.get("MetricDefinitions", []))
        try:
            code = self._train(argv + algorithm.get("ContainerArguments", ["train"]), others, scan)
        except JobStoppedError:
            self._upload(s3)  # as on AWS: what was saved until then is kept
            raise
        finally:
            self._report(scan.values, time.monotonic() - started)
        if code:
            raise JobFailedError(f"AlgorithmError: {self.text('output/failure')}, exit code: {code}")
        self._upload(s3)
        return {}

    def enter(self, phase: str, **fields: object) -> None:
        """Set the secondary status, with its entry in the list of transitions."""
        self.change("InProgress", SecondaryStatus=phase, **self._transition(phase), **fields)

    def end_fields(self, phase: str) -> Record:
        """The last secondary status."""
        return {"SecondaryStatus": phase, **self._transition(phase)}

    def _transition(self, phase: str) -> Record:
        now = datetime.now(UTC)
        before = self.backend.records.get(self.kind, self.name).get("SecondaryStatusTransitions", [])
        if before:
            before[-1].setdefault("EndTime", now)
        entry = {"Status": phase, "StartTime": now, "StatusMessage": f"{phase} (local AWS)"}
        return {"SecondaryStatusTransitions": [*before, entry]}

    def _another(self, host: str) -> Path:
        """The root of a further instance; its channels are the first one's (fully replicated)."""
        root = self.root.with_name(f"ml-{host}")
        layout.write_training_config(root, self.spec, host)
        (root / "input/data").symlink_to(self.root / "input/data")
        return root

    def _train(self, argv: list[str], others: list[Path], scan: MetricScan) -> int:
        own = {"TRAINING_JOB_NAME": self.name, "TRAINING_JOB_ARN": self.arn}
        environment = self.spec.get("Environment", {}) | own
        seconds = self.spec["StoppingCondition"].get("MaxRuntimeInSeconds", _DEFAULT_SECONDS)
        return self.run_all(argv, environment, others, seconds, scan.read)

    def _report(self, values: dict[str, float], seconds: float) -> None:
        now = datetime.now(UTC)
        metrics = [{"MetricName": name, "Value": value, "Timestamp": now} for name, value in values.items()]
        times = {"TrainingTimeInSeconds": int(seconds), "BillableTimeInSeconds": int(seconds) + 1}
        self.backend.records.change(self.kind, self.name, FinalMetricDataList=metrics or None, **times)
        if values:
            named = {name: (value, "None") for name, value in values.items()}
            emulator.put_metrics(_LOGS, {"TrainingJobName": self.name}, named)

    def _upload(self, s3: Any) -> None:  # noqa: ANN401 - boto3 has no types
        self.enter("Uploading")
        output = self.spec["OutputDataConfig"]
        storage.upload(
            s3,
            storage.archive(self.root / "model"),
            self.spec["ModelArtifacts"]["S3ModelArtifacts"],
            output.get("KmsKeyId"),
        )


def create_training_job(backend: Backend, params: Record, of_tuning: Record | None = None) -> Record:
    """CreateTrainingJob; `of_tuning` are the members of a tuning job's child."""
    _refuse_unknown(params)
    emulator.require_role(params["RoleArn"], source=TRAINING_JOB.arn(params["TrainingJobName"]))
    name, now = params["TrainingJobName"], datetime.now(UTC)
    archive = f"{params['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output/model.tar.gz"
    storage.split_uri(archive)
    defaults: Record = {
        "StoppingCondition": {"MaxRuntimeInSeconds": _DEFAULT_SECONDS},
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    }
    arn = backend.records.add(
        TRAINING_JOB,
        defaults | params,
        TrainingJobStatus="InProgress",
        SecondaryStatus="Starting",
        SecondaryStatusTransitions=[{"Status": "Starting", "StartTime": now, "StatusMessage": "Starting (local AWS)"}],
        ModelArtifacts={"S3ModelArtifacts": archive},
        **(of_tuning or {}),
    )
    TrainingJob(backend, name).start()
    return {"TrainingJobArn": arn}


def stop_training_job(backend: Backend, params: Record) -> Record:
    """StopTrainingJob."""
    stop_job(backend, TRAINING_JOB, params["TrainingJobName"])
    return {}


def _refuse_unknown(params: Record) -> None:
    """Refuse what can't be honoured here: other ways of input, machines and spot capacity."""
    missing = [name for name in ("AlgorithmSpecification", "ResourceConfig") if name not in params]
    if missing or "TrainingImage" not in params["AlgorithmSpecification"]:
        raise InvalidRequestError(
            f"CreateTrainingJob lacks {missing or 'AlgorithmSpecification.TrainingImage'}, which the local AWS needs."
        )
    if "InstanceType" not in params["ResourceConfig"]:
        raise InvalidRequestError("The local AWS doesn't know training without ResourceConfig.InstanceType.")
    if params.get("EnableManagedSpotTraining"):
        raise InvalidRequestError("The local AWS doesn't know managed spot training.")
    algorithm_mode = params["AlgorithmSpecification"].get("TrainingInputMode", "File")
    for channel in params.get("InputDataConfig", []):
        source = channel["DataSource"].get("S3DataSource", {})
        wanted = (
            channel.get("InputMode", algorithm_mode),
            channel.get("CompressionType", "None"),
            channel.get("RecordWrapperType", "None"),
            source.get("S3DataType"),
        )
        if wanted != ("File", "None", "None", "S3Prefix"):
            raise InvalidRequestError(
                f"The local AWS doesn't know the channel {channel['ChannelName']!r} as {wanted}: it reads S3Prefix in "
                "File mode, uncompressed and without record wrapping."
            )
