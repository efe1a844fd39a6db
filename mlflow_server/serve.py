"""Starts `mlflow server` with basic authentication, denied by default."""

import configparser
import os
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlflow_server.settings import MissingSettingError, server_environment

COMMAND = (sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth")
"""Everything else comes from the environment: no address and no secret stands on a command line."""

AUTH_CACHE_SECONDS = "60"
"""How long a checked password counts. Without it every request hashes it anew (0.15 s against 0.015 s); a password that
is changed on another worker is accepted for at most this long."""


def serve(given: Mapping[str, str]) -> None:
    """Become the tracking server; returns never.

    Raises:
        MissingSettingError: The environment lacks something.
    """
    environment = server_environment(given)
    folder = Path(tempfile.mkdtemp(prefix="mlflow-auth-"))
    environment["MLFLOW_AUTH_CONFIG_PATH"] = str(write_auth_config(folder, environment["MLFLOW_AUTH_DATABASE_URI"]))
    environment |= tls_options(environment)
    os.execve(COMMAND[0], COMMAND, environment)  # noqa: S606 - an argument list, no shell


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
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    file = folder / "auth.ini"
    file.touch(mode=0o600)
    with file.open("w", encoding="utf-8") as stream:
        config.write(stream)
    return file


def tls_options(environment: Mapping[str, str]) -> dict[str, str]:
    """Uvicorn's options for `MLFLOW_TLS_CERT` and `MLFLOW_TLS_KEY` (PEM files); none where a load balancer ends TLS.

    Raises:
        MissingSettingError: Only one of the two is set.
    """
    certificate, key = environment.get("MLFLOW_TLS_CERT"), environment.get("MLFLOW_TLS_KEY")
    if not certificate and not key:
        return {}
    if not certificate or not key:
        raise MissingSettingError("Set both MLFLOW_TLS_CERT and MLFLOW_TLS_KEY (PEM files), or neither.")
    return {"MLFLOW_UVICORN_OPTS": shlex.join(["--ssl-certfile", certificate, "--ssl-keyfile", key])}
