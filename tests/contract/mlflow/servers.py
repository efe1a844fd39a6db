"""`python -m mlflow_server` with the environment of the synthesized task definitions.

Replaced is only what has no place on one machine: the database's address, the file of its authorities, passwords, the
role's credentials, the bucket, the port.
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
from tests.contract.mlflow.postgres import OWNER, free_port
from tests.contract.mlflow.rds import OWNERS_PASSWORD, Door
from tests.patience import PATIENCE

ADMINISTRATOR = ("administrator", "the-first-password-of-the-tests")
START_SECONDS = 60.0
_HERE = ("PATH", "PYTHONPATH", "LANG")


@dataclass(frozen=True)
class Task:
    """The containers of the two task definitions (serve, migrate), and a folder of its own in which they run."""

    server: Mapping[str, Any]
    migration: Mapping[str, Any]
    folder: Path

    def environment(self, door: Door, *, name: str = "mlflow") -> dict[str, str]:
        """What ECS would hand to the server, for `name` among the databases behind the door."""
        secrets = {
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "one-cookie-key-for-all-replicas",
            "MLFLOW_AUTH_ADMIN_USERNAME": ADMINISTRATOR[0],
            "MLFLOW_AUTH_ADMIN_PASSWORD": ADMINISTRATOR[1],
        }
        return {
            **self._given(self.server, secrets, door, name),
            "MLFLOW_ARTIFACTS_DESTINATION": str(self.folder / "artifacts"),
            "MLFLOW_HOST": "127.0.0.1",
            "MLFLOW_WORKERS": "1",
        }

    def migration_environment(self, door: Door, *, name: str = "mlflow") -> dict[str, str]:
        """What ECS would hand to the one-off task: the owner's login, and no other secret."""
        return self._given(self.migration, {"PGUSER": OWNER, "PGPASSWORD": OWNERS_PASSWORD}, door, name)

    def _given(self, container: Mapping[str, Any], secrets: Mapping[str, str], door: Door, name: str) -> dict[str, str]:
        """Give a container's environment with this machine's values, and the task role's credentials.

        Raises:
            AssertionError: The task definition has other secrets than these.
        """
        assert {each["Name"] for each in container["Secrets"]} == set(secrets)
        given = {
            each["Name"]: text(each["Value"], f"localhost:{door.port}/{name}") for each in container["Environment"]
        }
        assert given["PGSSLROOTCERT"] == "/opt/atoll/rds-ca-bundle.pem"
        key, secret = next(iter(door.keys.items()))
        return {
            **{each: os.environ[each] for each in _HERE if each in os.environ},
            **given,
            **secrets,
            **self.folders(),
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "PGSSLROOTCERT": str(door.certificates.authority),
            "OMP_NUM_THREADS": "1",
        }

    def folders(self) -> dict[str, str]:
        """Make the task's folders: only `TMPDIR` may be written to, as in the container."""
        for each in ("home", "tmp"):
            (self.folder / each).mkdir(parents=True, exist_ok=True)
        return {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}


def text(value: object, address: str) -> str:
    """Write a template's value as this machine's: a database's address is replaced, its form must be the known one."""
    match value:
        case str():
            return value
        case {"Fn::Join": ["", ["postgresql+psycopg2://", {"Fn::GetAtt": _}, ":5433/mlflow?sslmode=verify-full"]]}:
            return f"postgresql+psycopg2://{address}?sslmode=verify-full"
        case {"Fn::Join": ["", ["s3://", {"Fn::ImportValue": _}, "/mlflow"]]}:
            return "replaced by a folder"
        case {"Ref": "AWS::Region"}:
            return "us-gov-east-1"
    raise AssertionError(f"the task definition holds {value!r}, which these tests don't know")


def containers_of(template: Template) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The one container of the server's and of the migration's task definition."""
    definitions = resources({"Atoll-Tracking": template}, "AWS::ECS::TaskDefinition")
    found = {each.logical_id: each.properties["ContainerDefinitions"] for each in definitions}
    ((server,),) = (each for name, each in found.items() if name.startswith("Task"))
    ((migration,),) = (each for name, each in found.items() if name.startswith("MigrationTask"))
    return server, migration


def migrate(environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the one-off task to its end."""
    command = [sys.executable, "-m", "mlflow_server", "migrate"]
    environment = {**environment, "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(
        command, env=environment, cwd=folder / "home", capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@dataclass
class Replica:
    """One running server. Calls carry the task's own host name unless told otherwise."""

    environment: dict[str, str]
    log: Path
    folder: Path
    port: int = field(default_factory=free_port)
    kept: requests.Session = field(default_factory=requests.Session)  # a handshake for each call takes most of its time

    def start(self) -> None:
        """Start with the task definition's command (`serve`); doesn't wait."""
        own = self.folder / f"tmp-{self.port}"
        own.mkdir()
        environment = {**self.environment, "MLFLOW_PORT": str(self.port), "PYTHONPATH": str(Path.cwd())}
        environment["TMPDIR"] = str(own)
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
        except (OSError, requests.ConnectionError):
            return False

    @property
    def certificate(self) -> Path:
        """The certificate that it made for itself at start."""
        return next((self.folder / f"tmp-{self.port}").glob("mlflow-*/tls.crt"), Path("not-yet-made.crt"))

    def stop(self) -> None:
        """End it with all its workers."""
        self.kept.close()
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
        """Make one call, following no redirect and with no cookie of a former one."""
        self.kept.cookies.clear()
        host = self.environment["MLFLOW_ALLOWED_HOSTS"].partition(",")[0]
        return self.kept.request(
            method,
            f"https://localhost:{self.port}{path}",
            auth=user,
            headers={"Host": host, **(headers or {})},
            allow_redirects=False,
            verify=str(self.certificate),
            timeout=PATIENCE,
            **options,
        )
