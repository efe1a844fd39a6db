"""The one-off task: from nothing, from an older MLflow, and again."""

import subprocess
import sys
from pathlib import Path

from tests.contract.mlflow.conftest import Parts
from tests.contract.mlflow.postgres import OWNER
from tests.patience import PATIENCE

OLDER = Path(__file__).with_name("older_schema.py")


def revisions(parts: Parts, database: str) -> tuple[str, str]:
    query = "SELECT (SELECT version_num FROM alembic_version), (SELECT version_num FROM alembic_version_auth)"
    ((tracking, users),) = parts.database.query(query, database=database)
    return tracking, users


def test_an_older_database_becomes_this_versions_and_keeps_what_it_holds(
    parts: Parts, environment: dict[str, str]
) -> None:
    task, database = parts.task, parts.database
    assert environment  # the database `mlflow` was migrated from nothing
    database.query(f"CREATE DATABASE older OWNER {OWNER}")
    direct = f"postgresql+psycopg2://127.0.0.1:{database.port}/older"
    given = task.migration_environment(parts.door, name="older") | {"MLFLOW_BACKEND_STORE_URI": direct}
    command = [sys.executable, "-W", "ignore", str(OLDER)]
    subprocess.run(command, env=given, cwd=task.folder, capture_output=True, timeout=PATIENCE, check=True)
    before = revisions(parts, "older")
    database.query("INSERT INTO experiments (name, lifecycle_stage) VALUES ('kept', 'active')", database="older")
    database.query("INSERT INTO users (username, password_hash) VALUES ('ada', 'x')", database="older")

    run = parts.migrate("older")

    assert run.returncode == 0, run.stderr
    after = revisions(parts, "older")
    assert after == revisions(parts, "mlflow")
    assert not set(after) & set(before)
    assert database.query("SELECT count(*) FROM experiments WHERE name = 'kept'", database="older") == [(1,)]
    assert database.query("SELECT count(*) FROM users WHERE username = 'ada'", database="older") == [(1,)]
