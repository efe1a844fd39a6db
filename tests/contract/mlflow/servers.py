"""`python -m mlflow_server` with the environment of the synthesized task definition.

Replaced is only what has no place on one machine: the database's address, its TLS, passwords, the bucket, the port.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from compliance.templates import Template, resources
from local import supervise
from tests.contract.mlflow.postgres import USER, Postgres, free_port

ADMINISTRATOR = ("administrator", "the-first-password-of-the-tests")
START_SECONDS = 60.0
_HERE = ("PATH", "PYTHONPATH", "LANG")


@dataclass(frozen=True)
class Task:
    """The container of a task definition, and a folder of its own in which it runs."""

    container: Mapping[str, Any]
    folder: Path

    def environment(self, database: Postgres, *, name: str = "mlflow", tls: bool = False) -> dict[str, str]:
        """What ECS would hand over, for `name` among the databases of this machine's PostgreSQL.

        Raises:
            AssertionError: The task definition has secrets that this machine knows no value for.
        """
        secrets = {
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "one-cookie-key-for-all-replicas",
            "MLFLOW_AUTH_ADMIN_USERNAME": ADMINISTRATOR[0],
            "MLFLOW_AUTH_ADMIN_PASSWORD": ADMINISTRATOR[1],
            "PGUSER": USER,
            "PGPASSWORD": database.password,
        }
        assert {each["Name"] for each in self.container["Secrets"]} == set(secrets)
        given = {each["Name"]: each["Value"] for each in self.container["Environment"]}
        address = {"postgresql": f"127.0.0.1:{database.port}/{name}", "sslmode": "require" if tls else "disable"}
        return {
            **{each: os.environ[each] for each in _HERE if each in os.environ},
            **{each: text(value, address) for each, value in given.items()},
            **secrets,
            **self.folders(),
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "MLFLOW_ARTIFACTS_DESTINATION": str(self.folder / "artifacts"),
            "MLFLOW_HOST": "127.0.0.1",
            "MLFLOW_WORKERS": "1",
            "OMP_NUM_THREADS": "1",
        }

    def folders(self) -> dict[str, str]:
        """Make the task's folders: only `TMPDIR` may be written to, as in the container."""
        for each in ("home", "tmp"):
            (self.folder / each).mkdir(parents=True, exist_ok=True)
        return {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}


def text(value: object, address: Mapping[str, str]) -> str:
    """Write a template's value as this machine's: a database's address is replaced, its form must be the known one."""
    match value:
        case str():
            return value
        case {"Fn::Join": ["", ["postgresql+psycopg2://", {"Fn::GetAtt": _}, ":5433/mlflow?sslmode=require"]]}:
            return f"postgresql+psycopg2://{address['postgresql']}?sslmode={address['sslmode']}"
        case {"Fn::Join": ["", ["s3://", {"Fn::ImportValue": _}, "/mlflow"]]}:
            return "replaced by a folder"
        case {"Ref": "AWS::Region"}:
            return "us-gov-east-1"
    raise AssertionError(f"the task definition holds {value!r}, which these tests don't know")


def container_of(template: Template) -> Mapping[str, Any]:
    """The one container of the tracking stack's one task definition."""
    (definition,) = resources({"Atoll-Tracking": template}, "AWS::ECS::TaskDefinition")
    (container,) = definition.properties["ContainerDefinitions"]
    return container


def migrate(environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the one-off task to its end."""
    command = [sys.executable, "-m", "mlflow_server", "migrate"]
    environment = {**environment, "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        command, env=environment, cwd=folder / "home", capture_output=True, text=True, timeout=120, check=False
    )


@dataclass
class Replica:
    """One running server. Calls carry the task's own host name unless told otherwise."""

    environment: dict[str, str]
    log: Path
    folder: Path
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Start with the task definition's command (`serve`); doesn't wait."""
        environment = {**self.environment, "MLFLOW_PORT": str(self.port), "PYTHONPATH": str(Path.cwd())}
        command = [*supervise.PYTHON, "-m", "mlflow_server", "serve"]
        self.process = supervise.start(command, environment=environment, log=self.log, folder=self.folder / "home")

    def wait(self) -> None:
        """Wait until it is healthy.

        Raises:
            AssertionError: It ended, or takes longer than `START_SECONDS`.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            assert self.process.poll() is None, supervise.tail(self.log)
            assert time.monotonic() < deadline, supervise.tail(self.log)
            time.sleep(0.2)

    def _is_healthy(self) -> bool:
        try:
            return self.call("GET", "/health", user=None).ok
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        """End it with all its workers."""
        supervise.stop(self.process)

    def call(
        self,
        method: str,
        path: str,
        *,
        user: tuple[str, str] | None = ADMINISTRATOR,
        headers: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401 - those of requests
    ) -> requests.Response:
        """Make one call, following no redirect."""
        host = self.environment["MLFLOW_ALLOWED_HOSTS"].partition(",")[0]
        return requests.request(
            method,
            f"http://127.0.0.1:{self.port}{path}",
            auth=user,
            headers={"Host": host, **(headers or {})},
            allow_redirects=False,
            timeout=30,
            **options,
        )
