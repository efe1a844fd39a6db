"""ECS without containers: the service that runs the image `atoll/mlflow` becomes a real tracking server.

It's started from its task definition (command, environment, secrets); only what has no place on one machine is
replaced: the databases (SQLite), the artifacts' destination (a folder), host, port, workers, TLS files. Services
of other images are recorded by the emulator, and nothing runs.
"""

import json
import logging
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local import private, reachability, supervise
from local.cloud_state import is_healthy
from local.cloudformation import aws, run_on_worker_threads
from local.cloudformation.resource_type import Made, Props
from mlflow_server.version import code_sha256

SERVICE_TYPE = "AWS::ECS::Service"
MLFLOW_REPOSITORY = "atoll/mlflow"
START_SECONDS = 120.0

_PROVISIONERS = "ministack.services.cloudformation.provisioners"
_SECRET_PARTS = 7  # arn:partition:secretsmanager:region:account:secret:name

_log = logging.getLogger("atoll.ecs")
_servers: dict[str, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Place:
    """Where the local AWS keeps things: its work folder, MLflow's port, the TLS files; from the environment."""

    folder: Path
    port: int
    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def from_environment(cls, given: Mapping[str, str]) -> Self:
        """The place that `local.cloud` chose."""
        return cls(
            folder=Path(given["ATOLL_LOCAL_FOLDER"]),
            port=int(given["ATOLL_LOCAL_MLFLOW_PORT"]),
            authority=Path(given["SSL_CERT_FILE"]),
            certificate=Path(given["MINISTACK_SSL_CERT"]),
            key=Path(given["MINISTACK_SSL_KEY"]),
        )

    @property
    def log(self) -> Path:
        """MLflow's log."""
        return self.folder / "logs" / "mlflow.log"


def register() -> None:
    """Have ECS services of MLflow's image run. Call once, after `import ministack.app` and before its main."""
    private.wrap(f"{_PROVISIONERS}._normalize_container_defs", _with_secrets)
    service = private.find(f"{_PROVISIONERS}._RESOURCE_HANDLERS")[SERVICE_TYPE]
    create, update, delete = service["create"], service["update"], service["delete"]

    def created(logical_id: str, props: Props, stack_name: str) -> Made:
        physical_id, attributes = create(logical_id, props, stack_name)
        try:
            _run(physical_id, props)
        except ValueError:
            delete(physical_id, props)
            raise
        return physical_id, attributes

    def updated(physical_id: str, old: Props, new: Props, stack_name: str) -> Made:
        made = update(physical_id, old, new, stack_name)
        stop(physical_id)
        _run(made[0], new)
        return made

    def deleted(physical_id: str, props: Props) -> None:
        stop(physical_id)
        delete(physical_id, props)

    service.update({"create": created, "update": updated, "delete": deleted})
    run_on_worker_threads([SERVICE_TYPE])


def _with_secrets(original: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
    """The emulator keeps the secrets of a template's containers in a form that its own API can't give out."""

    def normalized(cdefs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        containers = original(cdefs)
        for container, given in zip(containers, cdefs, strict=True):
            pairs = [{"name": each["Name"], "valueFrom": each["ValueFrom"]} for each in given.get("Secrets", [])]
            container["secrets"] = pairs
        return containers

    return normalized


def stop(service: str) -> None:
    """End what runs for a service, if anything does."""
    process = _servers.pop(service, None)
    if process is not None:
        supervise.stop(process)


def stop_all() -> None:
    """End what runs for any service."""
    for service in list(_servers):
        stop(service)


def _run(service: str, props: Props) -> None:
    """Start the service's process and wait until it answers.

    Raises:
        ValueError: It isn't healthy in time, or its task definition can't be honoured: fails the stack.
    """
    definition = aws("ecs").describe_task_definition(taskDefinition=props["TaskDefinition"])["taskDefinition"]
    container = next((each for each in definition["containerDefinitions"] if is_mlflow(each["image"])), None)
    if container is None or int(props.get("DesiredCount", 1)) == 0:
        images = [each["image"] for each in definition["containerDefinitions"]]
        _log.warning("ECS service %s is only recorded, nothing runs: images %s", service, images)
        return
    if why := reachability.task_without_a_way(props):
        raise ValueError(f"ResourceInitializationError: {why}")
    place = Place.from_environment(os.environ)
    process = supervise.start(
        [*supervise.PYTHON, "-m", "mlflow_server", *(container.get("command") or ["serve"])],
        environment=server_environment(container, place),
        log=place.log,
    )
    _servers[service] = process
    _wait_until_healthy(service, process, place)


def is_mlflow(image: str) -> bool:
    """Whether `image` (`<registry>/<repository>@sha256:...`) is the tracking server's, as its code is now.

    Raises:
        ValueError: It's its repository, but not a digest, or another digest than the code's.
    """
    name, _, digest = image.partition("@")
    if not name.partition(":")[0].endswith(f"/{MLFLOW_REPOSITORY}"):
        return False
    expected = f"sha256:{code_sha256()}"
    if digest != expected:
        raise ValueError(
            f"CannotPullContainerError: {image}: manifest unknown. The code in mlflow_server/ has the digest "
            f"{expected}; synthesize and deploy again."
        )
    return True


def server_environment(container: Mapping[str, Any], place: Place) -> dict[str, str]:
    """The container's environment and secrets, with what must differ on one machine replaced."""
    data = place.folder / "mlflow"
    (data / "artifacts").mkdir(parents=True, exist_ok=True)
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "LANG") if name in os.environ},
        **{each["name"]: each["value"] for each in container.get("environment", [])},
        **{each["name"]: secret_value(each["valueFrom"]) for each in container.get("secrets", [])},
        "OMP_NUM_THREADS": "1",
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{data / 'tracking.db'}",
        "MLFLOW_AUTH_DATABASE_URI": f"sqlite:///{data / 'users.db'}",
        "MLFLOW_ARTIFACTS_DESTINATION": str(data / "artifacts"),
        "MLFLOW_HOST": "127.0.0.1",
        "MLFLOW_PORT": str(place.port),
        "MLFLOW_WORKERS": "1",
        "MLFLOW_TLS_CERT": str(place.certificate),
        "MLFLOW_TLS_KEY": str(place.key),
    }


def secret_value(reference: str) -> str:
    """What `valueFrom` of a container's secret stands for: a Secrets Manager ARN, with `:<json key>::` or without.

    Raises:
        ValueError: Another kind of reference, or the JSON has no such key.
    """
    parts = reference.split(":")
    if len(parts) < _SECRET_PARTS or parts[2] != "secretsmanager":
        raise ValueError(f"The local AWS reads container secrets from Secrets Manager only, not from {reference!r}.")
    text = aws("secretsmanager").get_secret_value(SecretId=":".join(parts[:_SECRET_PARTS]))["SecretString"]
    key = "".join(parts[_SECRET_PARTS : _SECRET_PARTS + 1])
    if not key:
        return str(text)
    values = json.loads(text)
    if key not in values:
        raise ValueError(f"The secret of {reference!r} has no key {key!r}, only {', '.join(sorted(values))}.")
    return str(values[key])


def _wait_until_healthy(service: str, process: subprocess.Popen[bytes], place: Place) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_healthy(f"https://localhost:{place.port}/health", place.authority):
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            stop(service)
            what = "ended at once" if ended else f"wasn't healthy after {START_SECONDS:.0f} s"
            raise ValueError(
                f"MLflow (ECS service {service}) {what}. The end of {place.log}:\n{supervise.tail(place.log)}"
            )
        time.sleep(0.2)
