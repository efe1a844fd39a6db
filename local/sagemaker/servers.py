"""Model containers that serve: started on a loopback port, asked over HTTP as SageMaker asks them."""

import shutil
import socket
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from local import reachability
from local.sagemaker import emulator, images, storage
from local.sagemaker.backend import Backend
from local.sagemaker.children import Sink
from local.sagemaker.errors import InvalidRequestError, JobFailedError
from local.sagemaker.records import Record

_START_SECONDS = 60.0
_ANSWER_SECONDS = 60.0
_OK = 200


@dataclass(frozen=True)
class Reply:
    """A container's answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ModelServer:
    """A model's container, serving.

    Raises:
        JobFailedError: The image can't be pulled, or the archive can't be unpacked.
    """

    def __init__(self, backend: Backend, model: Record, environment: Mapping[str, str], log: Sink) -> None:
        container = sole_container(model)
        self.pulled = images.pull(backend.images, container["Image"])
        self._folder = Path(tempfile.mkdtemp(prefix="server-", dir=backend.folder))
        root = self._folder / "ml"
        root.mkdir()
        if why := reachability.job_without_a_way(model):
            raise JobFailedError(f"Failed to download model data: {why}")
        if "ModelDataUrl" in container:
            storage.unpack(_fetch(model["ExecutionRoleArn"], container["ModelDataUrl"]), root / "model")
        port = _free_port()
        own = {
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "ATOLL_BIND_ADDRESS": "127.0.0.1",
            "ATOLL_ML_ROOT": str(root),
        }
        self._child = backend.children.start(
            [*self.pulled.image.argv, "serve"],
            environment={**container.get("Environment", {}), **environment, **own},
            folder=root,
            sinks=(log,),
        )
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=8, retries=False, timeout=_ANSWER_SECONDS)

    def wait_until_ready(self) -> None:
        """Wait until /ping answers 200, at most a minute; ends the container when it doesn't.

        Raises:
            JobFailedError: The container ended, or didn't get ready; with the end of its log.
        """
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers_ping():
            code = self._child.exit_code
            if code is not None or time.monotonic() > deadline:
                self.end()
                how = f"ended with exit code {code}" if code is not None else f"wasn't ready in {_START_SECONDS:.0f} s"
                raise JobFailedError(
                    "The primary container did not pass the ping health check: it "
                    f"{how}. The end of its log:\n{self._child.tail()}"
                )
            time.sleep(0.05)

    def ask(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST to /invocations.

        Raises:
            JobFailedError: The container doesn't answer.
        """
        try:
            answer = self._pool.request("POST", "/invocations", body=body, headers=dict(headers))
        except urllib3.exceptions.HTTPError as error:
            raise JobFailedError(f"The model's container doesn't answer: {error}") from error
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)

    def end(self) -> None:
        """End the container and remove its folder."""
        self._child.end()
        self._pool.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers_ping(self) -> bool:
        try:
            return self._pool.request("GET", "/ping", timeout=2).status == _OK
        except urllib3.exceptions.HTTPError:
            return False


def sole_container(model: Record) -> dict[str, Any]:
    """The one container of a model.

    Raises:
        InvalidRequestError: It has none or several, or data in a form that isn't an S3 archive.
    """
    containers = [model["PrimaryContainer"]] if "PrimaryContainer" in model else model.get("Containers", [])
    if len(containers) != 1 or "Image" not in containers[0]:
        raise InvalidRequestError(
            f"The local AWS doesn't know models of {len(containers)} containers: it serves one image."
        )
    unknown = containers[0].keys() - {"Image", "ModelDataUrl", "Environment", "Mode", "ContainerHostname"}
    if unknown or containers[0].get("Mode", "SingleModel") != "SingleModel":
        raise InvalidRequestError(
            f"The local AWS doesn't know a model's container with {sorted(unknown) or 'multiple models'}."
        )
    return containers[0]


def _fetch(role: str, uri: str) -> bytes:
    bucket, key = storage.split_uri(uri)
    return emulator.s3_as(role).get_object(Bucket=bucket, Key=key)["Body"].read()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
