"""One PostgreSQL, one migration, and two replicas of the tracking server for all tests of this folder."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlflow_server.serve import write_auth_config
from mlflow_server.settings import server_environment
from stacks.settings import load
from tests.contract.mlflow import postgres
from tests.contract.mlflow.postgres import OWNER, SUPERUSER, Postgres
from tests.contract.mlflow.rds import Door, door
from tests.contract.mlflow.servers import Replica, Task, containers_of, migrate
from tests.limits.deployments import templates_of
from tests.patience import PATIENCE

ENVIRONMENT = "govcloud-east"
"""The fastest to build of those with PostgreSQL; the tracking stack is the same in all of them."""

Replicas = tuple[Replica, Replica]
Writing = list[tuple[str, str, Mapping[str, Any] | None]]


@dataclass(frozen=True)
class Parts:
    """The task as synthesized, the PostgreSQL, and what stands before it as RDS does."""

    task: Task
    database: Postgres
    door: Door

    def migrate(self, name: str = "mlflow") -> "subprocess.CompletedProcess[str]":
        """Run the one-off task to its end, on one of the databases."""
        return self.run_migration(self.task.migration_environment(self.door, name=name))

    def run_migration(self, given: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run the one-off task in an environment of the caller's."""
        return migrate(given, self.task.folder)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The parts, with an empty database `mlflow`, RDS's role for IAM users, and an access key of the task's role."""
    folder = tmp_path_factory.mktemp("task")
    with ThreadPoolExecutor(1) as aside:
        built = aside.submit(templates_of, load(ENVIRONMENT))
        with postgres.running("the-superusers") as database, door(database, folder / "authority") as standing:
            database.query("CREATE ROLE rds_iam")
            database.query(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
            database.query(f"GRANT rds_iam TO {OWNER} WITH ADMIN OPTION")
            database.query(f"CREATE DATABASE mlflow OWNER {OWNER}")
            standing.keys["FIRSTKEY"] = "first-secret"
            yield Parts(Task(*containers_of(built.result()["Atoll-Tracking"]), folder), database, standing)


@pytest.fixture(scope="session")
def environment(parts: Parts) -> dict[str, str]:
    """The server's environment, on a database that the one-off task has migrated."""
    run = parts.migrate()
    assert run.returncode == 0, run.stderr
    return parts.task.environment(parts.door)


@pytest.fixture(scope="session")
def replicas(parts: Parts, environment: dict[str, str]) -> Iterator[Replicas]:
    """Two healthy servers."""
    folder = parts.task.folder
    both = Replica(environment, folder / "first.log", folder), Replica(environment, folder / "second.log", folder)
    try:
        for each in both:
            each.start()
        for each in both:
            each.wait()
        yield both
    finally:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Replica.stop, both))


@pytest.fixture(scope="session")
def route_maps(parts: Parts, environment: dict[str, str]) -> dict[str, list[list[Any]]]:
    """Every method and path that the server knows, asked of the application itself (routes.py)."""
    started_with = server_environment(environment)
    config = write_auth_config(parts.task.folder / "tmp", environment["MLFLOW_AUTH_DATABASE_URI"])
    own = {"MLFLOW_AUTH_CONFIG_PATH": str(config), "_MLFLOW_SGI_NAME": "uvicorn"}
    own["prometheus_multiproc_dir"] = str(parts.task.folder / "counts")  # as --expose-prometheus does
    own |= {"PGUSER": SUPERUSER, "PGPASSWORD": parts.database.password}
    own["_MLFLOW_SERVER_FILE_STORE"] = environment["MLFLOW_BACKEND_STORE_URI"]
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("routes.py"))]
    told = subprocess.run(command, env=started_with | own, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return json.loads(told.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def routes(route_maps: dict[str, list[list[Any]]]) -> list[tuple[str, str]]:
    """Every method and path; parameters are filled with `1`."""
    return [(method, path) for method, path in route_maps["asked"]]


@pytest.fixture(scope="session")
def writing(route_maps: dict[str, list[list[Any]]]) -> Writing:
    """The routes that may change something, with the fields that MLflow's own table gives them (None: it has none)."""
    return [(method, path, fields) for method, path, fields in route_maps["writing"]]
