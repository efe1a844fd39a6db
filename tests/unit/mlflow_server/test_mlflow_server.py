"""The tracking server's settings: what it needs, and what can't be switched off."""

import configparser
import json
import re
import shlex
import ssl
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.main import main as uvicorn_main

from mlflow_server import __main__ as entry
from mlflow_server.database_login import TOKEN_SECONDS, DatabaseLogin, password_line
from mlflow_server.metrics import Totals, metric_line
from mlflow_server.migrate import migrate
from mlflow_server.serve import COMMAND, renewed, tls_options, uvicorn_options, write_auth_config
from mlflow_server.settings import (
    DATABASES,
    HARDENING,
    REQUIRED,
    MissingSettingError,
    has_postgresql,
    server_environment,
)
from mlflow_server.version import code_sha256

COMPLETE = dict.fromkeys(REQUIRED, "given")


@pytest.mark.parametrize("name", REQUIRED)
def test_each_missing_variable_is_named_with_its_meaning(name: str) -> None:
    with pytest.raises(MissingSettingError) as error:
        server_environment(COMPLETE | {name: ""})
    assert f"{name} ({REQUIRED[name]})" in str(error.value)


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(MissingSettingError) as error:
        server_environment({})
    assert all(name in str(error.value) for name in REQUIRED)


@given(st.dictionaries(st.sampled_from(sorted(HARDENING)), st.text()))
def test_the_hardening_cant_be_switched_off(wished: dict[str, str]) -> None:
    started_with = server_environment({**COMPLETE, **wished})
    assert HARDENING.items() <= started_with.items()


def test_hosts_and_origins_reach_mlflow_under_its_own_names() -> None:
    given_to_it = server_environment({**COMPLETE, "MLFLOW_ALLOWED_HOSTS": "a:1", "MLFLOW_CORS_ALLOWED_ORIGINS": "b"})
    assert given_to_it["MLFLOW_SERVER_ALLOWED_HOSTS"] == "a:1"
    assert given_to_it["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "b"


def test_no_setting_and_no_secret_stands_on_the_command_line() -> None:
    assert COMMAND[1:] == ("-m", "mlflow", "server", "--app-name", "basic-auth")


def test_nobody_has_a_permission_that_nobody_granted(tmp_path: Path) -> None:
    file = write_auth_config(tmp_path, "postgresql://host/db%20name")
    config = configparser.ConfigParser()  # as MLflow reads it
    config.read(file)
    assert config["mlflow"]["default_permission"] == "NO_PERMISSIONS"
    assert config["mlflow"]["database_uri"] == "postgresql://host/db%20name"
    assert "admin_password" not in config["mlflow"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_tls_is_never_off(tmp_path: Path) -> None:
    given = tls_options({"MLFLOW_TLS_CERT": "/a b", "MLFLOW_TLS_KEY": "k"}, tmp_path)
    assert given == "--ssl-certfile '/a b' --ssl-keyfile k"
    with pytest.raises(MissingSettingError, match="both"):
        tls_options({"MLFLOW_TLS_CERT": "c"}, tmp_path)
    own = shlex.split(tls_options({}, tmp_path))
    assert stat.S_IMODE(Path(own[3]).stat().st_mode) == 0o600
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own[1], own[3])


def test_idle_connections_outlast_the_balancers_ten_minutes(tmp_path: Path) -> None:
    made = shlex.split(uvicorn_options({"MLFLOW_TLS_CERT": "c", "MLFLOW_TLS_KEY": "k"}, tmp_path))
    assert made[:4] == ["--ssl-certfile", "c", "--ssl-keyfile", "k"]
    known = {option for each in uvicorn_main.params for option in each.opts}
    assert set(made[4::2]) == {"--timeout-keep-alive"} <= known
    assert int(made[5]) > 600


POSTGRESQL = "postgresql+psycopg2://db:5433/mlflow"


@pytest.mark.parametrize("lax", ["", "?sslmode=require", "?sslmode=verify-full&sslmode=disable"])
def test_a_postgresql_whose_certificate_isnt_checked_is_refused(lax: str) -> None:
    stores = dict.fromkeys(DATABASES, f"{POSTGRESQL}?sslmode=verify-full") | {"PGSSLROOTCERT": "/ca.pem"}
    assert has_postgresql(stores)
    for name in DATABASES:
        with pytest.raises(MissingSettingError, match=rf"{name} must end in \?sslmode=verify-full"):
            has_postgresql(stores | {name: POSTGRESQL + lax})
    with pytest.raises(MissingSettingError, match="PGSSLROOTCERT"):
        has_postgresql(stores | {"PGSSLROOTCERT": ""})


def test_sqlite_needs_no_login() -> None:
    assert not has_postgresql(dict.fromkeys(DATABASES, "sqlite:///a.db"))


def test_migrating_a_postgresql_needs_its_owner() -> None:
    stores = dict.fromkeys(DATABASES, f"{POSTGRESQL}?sslmode=verify-full") | {"PGSSLROOTCERT": "/ca.pem"}
    with pytest.raises(MissingSettingError, match=r"PGUSER.*PGPASSWORD"):
        migrate(stores)


@given(st.text(min_size=1))
def test_libpqs_password_file_holds_any_token(token: str) -> None:
    line = password_line("db", 5433, "mlflow", token)
    kept = re.fullmatch(r"db:5433:\*:mlflow:((?:[^\\:]|\\.)*)", line, flags=re.DOTALL)
    assert kept
    assert re.sub(r"\\(.)", r"\1", kept[1], flags=re.DOTALL) == token


def test_what_was_answered_since_the_last_minute_is_one_line() -> None:
    recent = Totals(requests=10, client_errors=3, server_errors=1, seconds=2.5).since(
        Totals(requests=6, client_errors=1, seconds=0.5)
    )
    line = json.loads(metric_line(recent, timestamp_ms=5))
    values = {name: line[name] for name in ("Requests", "ClientErrors", "ServerErrors", "MeanLatency")}
    assert values == {"Requests": 4, "ClientErrors": 2, "ServerErrors": 1, "MeanLatency": 500.0}
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert [each["Name"] for each in directive["Metrics"]] == list(values)
    assert line[directive["Dimensions"][0][0]] == "mlflow"


def test_without_requests_there_is_no_latency() -> None:
    assert "MeanLatency" not in metric_line(Totals(), timestamp_ms=5)


def test_a_login_that_cant_be_renewed_ends_the_container_only_when_the_token_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = DatabaseLogin(tmp_path / "pgpass", database_uri="postgresql://no-port/x", user="mlflow")
    started = time.monotonic()
    assert renewed(broken, started) == started
    assert "was not renewed" in capsys.readouterr().err
    with pytest.raises(ValueError, match="expected <host>:<port>"):
        renewed(broken, started - TOKEN_SECONDS - 1)


def test_migrating_needs_the_databases() -> None:
    with pytest.raises(MissingSettingError, match="MLFLOW_BACKEND_STORE_URI"):
        migrate({})


def test_an_unknown_command_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["start"]) == 2
    assert "serve, migrate" in capsys.readouterr().err


def test_a_missing_variable_ends_the_container_with_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in REQUIRED:
        monkeypatch.delenv(name, raising=False)
    assert entry.main(["serve"]) == 1
    assert "The environment lacks" in capsys.readouterr().err


def test_the_digest_is_a_sha256_and_stays_the_same() -> None:
    assert code_sha256() == code_sha256()
    assert len(code_sha256()) == 64
