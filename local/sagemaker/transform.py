"""Batch transform jobs: a model's server, asked with every object below an S3 prefix."""

from datetime import UTC, datetime
from typing import Any

from local.sagemaker import emulator, lines, storage
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError, JobFailedError, JobStoppedError
from local.sagemaker.jobs import Job, require_one_instance, stop_job
from local.sagemaker.records import MODEL, TRANSFORM_JOB, Record
from local.sagemaker.servers import ModelServer

_DEFAULT_PAYLOAD_MB = 6
_MEGABYTE = 1024 * 1024
_OK = 200


class TransformJob(Job):
    """Scores objects one after the other, so that each answer keeps the order of its lines."""

    kind, log_group, prefix = TRANSFORM_JOB, "/aws/sagemaker/TransformJobs", "Transform"

    def work(self) -> Record:
        """Start the server, transform each object, end the server."""
        model = self.backend.records.get(MODEL, self.spec["ModelName"])
        s3 = emulator.s3_as(model["ExecutionRoleArn"])
        log = emulator.log_stream(self.log_group, f"{self.name}/i-local")
        server = ModelServer(self.backend, model, self._environment(), log)
        try:
            server.wait_until_ready()
            self.change("InProgress", TransformStartTime=datetime.now(UTC))
            for key, path in storage.objects(s3, self._input_uri()).items():
                self._transform(s3, server, key, path)
        finally:
            server.end()
        return {}

    def _input_uri(self) -> str:
        return self.spec["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]

    def _environment(self) -> dict[str, str]:
        return {
            **self.spec.get("Environment", {}),
            "SAGEMAKER_BATCH": "true",
            "SAGEMAKER_BATCH_STRATEGY": self.spec["BatchStrategy"],
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(self.spec["MaxPayloadInMB"]),
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "1",
        }

    def _transform(self, s3: Any, server: ModelServer, key: str, path: str) -> None:  # noqa: ANN401 - boto3 has no types
        source, target = self.spec["TransformInput"], self.spec["TransformOutput"]
        body = s3.get_object(Bucket=storage.split_uri(self._input_uri())[0], Key=key)["Body"].read()
        cut = lines.batches(
            body,
            split=source.get("SplitType", "None") == "Line",
            several=self.spec["BatchStrategy"] == "MultiRecord",
            limit=self.spec["MaxPayloadInMB"] * _MEGABYTE,
        )
        try:
            answers = [self._ask(server, batch, key) for batch in cut]
        except ValueError as error:
            raise JobFailedError(f"ClientError: {key}: {error}") from error
        answer = lines.assemble(answers, by_line=target.get("AssembleWith", "None") == "Line")
        storage.upload(s3, answer, f"{target['S3OutputPath'].rstrip('/')}/{path}.out", target.get("KmsKeyId"))

    def _ask(self, server: ModelServer, batch: bytes, key: str) -> bytes:
        if self.stopping.is_set():
            raise JobStoppedError("Stopped")
        content_type = self.spec["TransformInput"].get("ContentType", "application/octet-stream")
        accept = self.spec["TransformOutput"].get("Accept", "*/*")
        reply = server.ask(batch, {"Content-Type": content_type, "Accept": accept})
        if reply.status != _OK:
            text = reply.body[:500].decode(errors="replace")
            raise JobFailedError(f"ClientError: {reply.status}: {key}: {text}")
        return reply.body


def create_transform_job(backend: Backend, params: Record) -> Record:
    """CreateTransformJob."""
    _refuse_unknown(params)
    backend.records.get(MODEL, params["ModelName"])
    defaults = {"MaxPayloadInMB": _DEFAULT_PAYLOAD_MB, "BatchStrategy": "MultiRecord", "MaxConcurrentTransforms": 1}
    arn = backend.records.add(TRANSFORM_JOB, defaults | params, TransformJobStatus="InProgress")
    TransformJob(backend, params["TransformJobName"]).start()
    return {"TransformJobArn": arn}


def stop_transform_job(backend: Backend, params: Record) -> Record:
    """StopTransformJob."""
    stop_job(backend, TRANSFORM_JOB, params["TransformJobName"])
    return {}


def _refuse_unknown(params: Record) -> None:
    """Refuse what can't be honoured here."""
    require_one_instance(params["TransformResources"]["InstanceCount"])
    source = params["TransformInput"]
    wanted = (
        source.get("CompressionType", "None"),
        source.get("SplitType", "None") in ("None", "Line"),
        source["DataSource"]["S3DataSource"]["S3DataType"],
    )
    if wanted != ("None", True, "S3Prefix"):
        raise InvalidRequestError(
            f"The local AWS doesn't know the input {source}: it reads uncompressed S3Prefix objects, whole or by Line."
        )
    storage.split_uri(source["DataSource"]["S3DataSource"]["S3Uri"])
    storage.split_uri(params["TransformOutput"]["S3OutputPath"])
