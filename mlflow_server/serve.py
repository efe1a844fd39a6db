"""Runs `mlflow server` with basic authentication, denied by default, and every minute keeps it in what it needs."""

import configparser
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from mlflow_server.certificate import write_certificate
from mlflow_server.database_login import TOKEN_SECONDS, DatabaseLogin
from mlflow_server.door import AUTHENTICATE
from mlflow_server.metrics import Totals, metric_line, read_totals
from mlflow_server.settings import SERVER_USER, MissingSettingError, has_postgresql, server_environment

COMMAND = (sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth")
"""Everything else comes from the environment: no address and no secret stands on a command line."""

KEEP_ALIVE_SECONDS = 620
"""How long an idle connection stays open: longer than the balancer's idle time, which would otherwise use one that
this server has just closed and answer 502
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html)."""

AUTH_CACHE_SECONDS = "60"
"""How long a checked password counts. Without it every request hashes it anew (0.15 s against 0.015 s); a password that
is changed on another worker is accepted for at most this long."""


def serve(given: Mapping[str, str]) -> int:
    """Run the tracking server until it ends or this process is told to; gives its exit code.

    Raises:
        MissingSettingError: The environment lacks something.
    """
    environment = server_environment(given)
    folder = Path(tempfile.mkdtemp(prefix="mlflow-"))
    environment["MLFLOW_AUTH_CONFIG_PATH"] = str(write_auth_config(folder, environment["MLFLOW_AUTH_DATABASE_URI"]))
    environment["MLFLOW_EXPOSE_PROMETHEUS"] = str(folder / "metrics")
    environment["MLFLOW_UVICORN_OPTS"] = uvicorn_options(environment, folder)
    login = None
    if has_postgresql(given):
        login = DatabaseLogin(folder / "pgpass", database_uri=environment["MLFLOW_BACKEND_STORE_URI"], user=SERVER_USER)
        login.renew()
        environment |= {"PGUSER": SERVER_USER, "PGPASSFILE": str(login.file)}
    (folder / "metrics").mkdir()
    server = subprocess.Popen(COMMAND, env=environment)
    signal.signal(signal.SIGTERM, _end_all)
    return _accompany(server, folder / "metrics", login, seconds=float(environment["MLFLOW_KEEPER_SECONDS"]))


def _accompany(server: "subprocess.Popen[bytes]", counts: Path, login: DatabaseLogin | None, *, seconds: float) -> int:
    """Renew the database's login and print the metrics until the server ends."""
    before, last = Totals(), time.monotonic()
    while True:
        try:
            return server.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            last = renewed(login, last)
            before = _reported(counts, before)


def renewed(login: DatabaseLogin | None, last: float) -> float:
    """Renew the login; a failure is borne as long as the former token counts, then the container ends for another."""
    try:
        if login:
            login.renew()
    except Exception as error:
        print(f"The database's login was not renewed: {error!r}", file=sys.stderr)  # noqa: T201 - a container's log
        if time.monotonic() - last > TOKEN_SECONDS:
            raise
        return last
    return time.monotonic()


def _reported(counts: Path, before: Totals) -> Totals:
    """Print what was answered since; counts that can't be read are no reason to end a server that answers."""
    try:
        now = read_totals(counts)
    except Exception as error:  # noqa: BLE001 - the files are Prometheus' own affair
        print(f"The request counts were not read: {error!r}", file=sys.stderr)  # noqa: T201 - a container's log
        return before
    print(metric_line(now.since(before), timestamp_ms=int(time.time() * 1000)), flush=True)  # noqa: T201 - the same
    return now


def _end_all(number: int, _frame: object) -> None:
    """Hand a request to end on to the server and its workers, which `mlflow server` itself would not tell."""
    signal.signal(number, signal.SIG_IGN)
    os.killpg(0, number)


def write_auth_config(folder: Path, database_uri: str) -> Path:
    """Write MLflow's authorization settings, readable by this user only: no permission unless granted.

    The administrator's name and password aren't in it; MLflow takes them from the environment.
    """
    config = configparser.ConfigParser()
    config["mlflow"] = {
        "default_permission": "NO_PERMISSIONS",
        "database_uri": database_uri.replace("%", "%%"),  # MLflow reads the file with interpolation
        "grant_default_workspace_access": "false",
        "auth_cache_ttl_seconds": AUTH_CACHE_SECONDS,
        "authorization_function": AUTHENTICATE,
    }
    file = folder / "auth.ini"
    file.touch(mode=0o600)
    with file.open("w", encoding="utf-8") as stream:
        config.write(stream)
    return file


def uvicorn_options(environment: Mapping[str, str], folder: Path) -> str:
    """Uvicorn's options: TLS always, and connections that outlast the balancer's.

    Raises:
        MissingSettingError: Only one of `MLFLOW_TLS_CERT` and `MLFLOW_TLS_KEY` is set.
    """
    return f"{tls_options(environment, folder)} --timeout-keep-alive {KEEP_ALIVE_SECONDS}"


def tls_options(environment: Mapping[str, str], folder: Path) -> str:
    """Uvicorn's options for `MLFLOW_TLS_CERT` and `MLFLOW_TLS_KEY` (PEM files), or a certificate made in `folder`.

    Raises:
        MissingSettingError: Only one of the two is set.
    """
    given = environment.get("MLFLOW_TLS_CERT"), environment.get("MLFLOW_TLS_KEY")
    if any(given) and not all(given):
        raise MissingSettingError("Set both MLFLOW_TLS_CERT and MLFLOW_TLS_KEY (PEM files), or neither.")
    certificate, key = given if all(given) else write_certificate(folder)
    return shlex.join(["--ssl-certfile", str(certificate), "--ssl-keyfile", str(key)])
