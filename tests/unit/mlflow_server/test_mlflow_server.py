"""The tracking server's settings: what it needs, and what can't be switched off."""

import configparser
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_server import __main__ as entry
from mlflow_server.migrate import migrate
from mlflow_server.serve import COMMAND, tls_options, write_auth_config
from mlflow_server.settings import HARDENING, REQUIRED, MissingSettingError, server_environment
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


def test_tls_needs_both_files_or_neither() -> None:
    assert tls_options({}) == {}
    assert tls_options({"MLFLOW_TLS_CERT": "/a b", "MLFLOW_TLS_KEY": "k"}) == {
        "MLFLOW_UVICORN_OPTS": "--ssl-certfile '/a b' --ssl-keyfile k"
    }
    with pytest.raises(MissingSettingError, match="both"):
        tls_options({"MLFLOW_TLS_CERT": "c"})


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
