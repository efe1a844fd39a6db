"""How the server reaches its database: by tokens that it renews, over checked TLS, as a user who owns nothing."""

import json
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from local import supervise
from local.certificates import make_certificates
from tests.contract.mlflow.conftest import Parts, Replicas
from tests.contract.mlflow.postgres import OWNER, SUPERUSER, free_port
from tests.contract.mlflow.rds import IAM_USER, OWNERS_PASSWORD
from tests.contract.mlflow.servers import Replica
from tests.patience import PATIENCE

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"
KEEPER_SECONDS = "1"
SESSION_TOKEN = "session:/+=\\" * 130
"""As long as AWS's are, with what libpq's password file must escape."""


class TaskRole(BaseHTTPRequestHandler):
    """ECS's address for a task's credentials: those in `given`, which expire so soon that nobody keeps them."""

    given = ("", "")

    def do_GET(self) -> None:
        """Answer as https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html says."""
        key, secret = type(self).given
        expiration = (datetime.now(UTC) + timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {"AccessKeyId": key, "SecretAccessKey": secret, "Token": SESSION_TOKEN, "Expiration": expiration}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def credentials_of_a_task() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), TaskRole)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/credentials"
    finally:
        server.shutdown()
        server.server_close()


def hand_out(parts: Parts, key: str) -> None:
    """From now on the task's role has this access key, and the database believes it."""
    parts.door.keys[key] = f"secret of {key}"
    TaskRole.given = (key, parts.door.keys[key])


@pytest.fixture(scope="module")
def short_lived(parts: Parts, environment: dict[str, str]) -> Iterator[Replica]:
    """A server that keeps no connection to the database, with a role whose credentials come from ECS's address."""
    hand_out(parts, "SECONDKEY")
    own = {name: value for name, value in environment.items() if not name.startswith("AWS_ACCESS_KEY")}
    own.pop("AWS_SECRET_ACCESS_KEY")
    folder = parts.task.folder
    with credentials_of_a_task() as address:
        own |= {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": address,
            "MLFLOW_KEEPER_SECONDS": KEEPER_SECONDS,
            "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
        }
        replica = Replica(own, folder / "short-lived.log", folder)
        replica.start()
        try:
            replica.wait()
            yield replica
        finally:
            replica.stop()
            parts.door.keys.pop(TaskRole.given[0])


def search(replica: Replica) -> int:
    return replica.call("GET", SEARCH).status_code


def test_a_rotation_is_taken_up_by_the_running_server(parts: Parts, short_lived: Replica) -> None:
    assert search(short_lived) == 200
    before = len(parts.door.tokens_taken_of)
    del parts.door.keys["SECONDKEY"]
    hand_out(parts, "THIRDKEY")
    deadline = time.monotonic() + PATIENCE
    while search(short_lived) != 200:
        assert time.monotonic() < deadline, supervise.tail(short_lived.log)
        time.sleep(0.5)
    assert len(parts.door.tokens_taken_of) > before, "the server used a connection that it had kept"
    assert short_lived.process.poll() is None


def test_a_token_that_is_too_old_is_renewed_before_anybody_notices(parts: Parts, short_lived: Replica) -> None:
    parts.door.lifetime = timedelta(seconds=10)
    try:
        ends = time.monotonic() + 15
        while time.monotonic() < ends:
            assert search(short_lived) == 200, supervise.tail(short_lived.log)
            time.sleep(1)
    finally:
        parts.door.lifetime = timedelta(minutes=15)


def test_the_minutes_requests_are_printed_as_metrics(short_lived: Replica) -> None:
    time.sleep(2 * float(KEEPER_SECONDS))  # what other tests asked is printed by then
    before = len(metrics(short_lived))
    for _ in range(3):
        assert search(short_lived) == 200
    assert short_lived.call("GET", "/api/2.0/mlflow/experiments/get?experiment_id=4711").status_code == 404
    deadline, counted = time.monotonic() + PATIENCE, {"Requests": 0, "ClientErrors": 0}
    while counted["Requests"] < 4 or not counted["ClientErrors"]:
        assert time.monotonic() < deadline, supervise.tail(short_lived.log)
        lines = metrics(short_lived)[before:]
        counted = {name: sum(line[name] for line in lines) for name in counted}
        time.sleep(0.5)
    (directive,) = lines[-1]["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Atoll/Tracking"
    assert all(metric["Name"] in lines[-1] for metric in directive["Metrics"])
    assert any("MeanLatency" in line for line in lines)


def metrics(replica: Replica) -> list[dict[str, Any]]:
    return [json.loads(line) for line in replica.log.read_text().splitlines() if line.startswith('{"_aws"')]


def test_the_servers_user_reads_and_writes_rows_and_changes_no_table(parts: Parts, replicas: Replicas) -> None:
    assert replicas[0].call("GET", SEARCH).status_code == 200
    with psycopg2.connect(host="127.0.0.1", port=parts.database.port, user="mlflow", dbname="mlflow") as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM experiments")
        for statement in (
            "CREATE TABLE mine (id int)",
            "DROP TABLE experiments",
            "ALTER TABLE experiments ADD COLUMN mine int",
            "UPDATE alembic_version SET version_num = 'mine'",
            "CREATE ROLE another",
            "TRUNCATE users",
        ):
            with connection.cursor() as cursor, pytest.raises(psycopg2.Error, match=r"permission denied|must be owner"):
                cursor.execute(statement)
            connection.rollback()
    connection.close()
    granted = "SELECT pg_has_role('mlflow', 'rds_iam', 'member'), pg_has_role('mlflow', 'atoll_owner', 'member')"
    assert parts.database.query(granted) == [(True, False)]


def connect(parts: Parts, **changed: str) -> None:
    """Connect as a server does that has a password, with some of libpq's words changed."""
    options = {
        "sslmode": "verify-full",
        "sslrootcert": str(parts.door.certificates.authority),
        "host": "localhost",
        "user": SUPERUSER,
        "password": parts.database.password,
    } | changed
    psycopg2.connect(port=parts.door.port, dbname="mlflow", connect_timeout=10, **options).close()


def test_the_database_takes_nobody_in_plain_text(parts: Parts) -> None:
    connect(parts)
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        connect(parts, sslmode="disable")


def test_a_certificate_of_another_authority_or_name_is_refused(parts: Parts, tmp_path: Path) -> None:
    another = make_certificates(tmp_path).authority
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        connect(parts, sslrootcert=str(another))
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        connect(parts, host="localhost.localdomain", hostaddr="127.0.0.1")


def test_without_the_authorities_the_migration_reaches_no_database(parts: Parts, tmp_path: Path) -> None:
    given = parts.task.migration_environment(parts.door)
    run = parts.run_migration(given | {"PGSSLROOTCERT": str(tmp_path / "absent.pem")})
    assert run.returncode != 0
    assert "root certificate file" in run.stderr
    assert "does not exist" in run.stderr


def test_a_password_or_a_strangers_token_opens_nothing_for_the_servers_user(
    parts: Parts, environment: dict[str, str]
) -> None:
    assert environment  # the migration has made the servers' user
    for password in ("mlflow", OWNERS_PASSWORD, f"localhost:{parts.door.port}/?Action=connect&DBUser=mlflow"):
        with pytest.raises(psycopg2.OperationalError, match="PAM authentication failed"):
            connect(parts, user=IAM_USER, password=password)


def test_the_next_migration_signs_in_by_token_where_the_owners_password_counts_no_more(
    parts: Parts, environment: dict[str, str]
) -> None:
    assert environment  # a first migration has made `mlflow`, of whom the owner is a member now
    with pytest.raises(psycopg2.OperationalError, match="PAM authentication failed"):
        connect(parts, user=OWNER, password=OWNERS_PASSWORD)
    parts.door.tokens_taken_of.clear()
    run = parts.migrate()
    assert run.returncode == 0, run.stderr
    assert OWNER in parts.door.tokens_taken_of


def test_a_migration_whose_role_gives_no_credentials_fails_when_the_password_counts_no_more(
    parts: Parts, environment: dict[str, str]
) -> None:
    assert environment
    given = parts.task.migration_environment(parts.door) | {"AWS_EC2_METADATA_DISABLED": "true"}
    run = parts.run_migration({name: value for name, value in given.items() if "ACCESS_KEY" not in name})
    assert run.returncode != 0
    assert "NoCredentialsError" in run.stderr
