"""One PostgreSQL, one migration, and two replicas of the tracking server for all tests of this folder."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from compliance.synth import synthesize
from compliance.templates import read_templates
from mlflow_server.serve import write_auth_config
from mlflow_server.settings import server_environment
from tests.contract.mlflow import postgres
from tests.contract.mlflow.postgres import Postgres
from tests.contract.mlflow.servers import Replica, Task, container_of, migrate

ENVIRONMENT = "govcloud-east"
"""The fastest to synthesize of those with PostgreSQL; the tracking stack is the same in all of them."""

Parts = tuple[Task, Postgres]
Replicas = tuple[Replica, Replica]


def _container(folder: Path) -> dict[str, Any]:
    synthesize(ENVIRONMENT, folder)
    return dict(container_of(read_templates(folder)["Atoll-Tracking"]))


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """The task as synthesized, and a PostgreSQL with an empty database `mlflow`."""
    with ThreadPoolExecutor(1) as aside:
        container = aside.submit(_container, tmp_path_factory.mktemp("synth") / ENVIRONMENT)
        with postgres.running("the-database-password") as database:
            database.query("CREATE DATABASE mlflow")
            yield Task(container.result(), tmp_path_factory.mktemp("task")), database


@pytest.fixture(scope="session")
def environment(parts: Parts) -> dict[str, str]:
    """The task's environment, on a database that the one-off task has migrated."""
    task, database = parts
    given = task.environment(database)
    run = migrate(given, task.folder)
    assert run.returncode == 0, run.stderr
    return given


@pytest.fixture(scope="session")
def replicas(parts: Parts, environment: dict[str, str]) -> Iterator[Replicas]:
    """Two healthy servers."""
    folder = parts[0].folder
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
def routes(parts: Parts, environment: dict[str, str]) -> list[tuple[str, str]]:
    """Every method and path that the server knows, asked of the application itself."""
    started_with = server_environment(environment)
    config = write_auth_config(parts[0].folder / "tmp", environment["MLFLOW_AUTH_DATABASE_URI"])
    own = {"MLFLOW_AUTH_CONFIG_PATH": str(config), "_MLFLOW_SGI_NAME": "uvicorn"}
    own["_MLFLOW_SERVER_FILE_STORE"] = environment["MLFLOW_BACKEND_STORE_URI"]
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("routes.py"))]
    told = subprocess.run(command, env=started_with | own, capture_output=True, text=True, timeout=120, check=True)
    return [tuple(each) for each in json.loads(told.stdout.splitlines()[-1])]
