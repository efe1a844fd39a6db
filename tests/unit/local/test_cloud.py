"""LocalCloud without an emulator: environments, settings, state, sessions, clear errors."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.certificates import Certificates
from local.cloud import LocalCloud, LocalCloudError, LocalSession
from local.cloud_environment import client_environment, server_environment, write_settings
from local.cloud_state import CloudState, free_ports, process_started

SETTINGS = '[network]\nport = 1\n\n[tracking]\ndomain = "localhost"\nport = 443 # MLflow\n\n[images]\nport = 2\n'


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return server_environment(tmp_path, Certificates.below(tmp_path), 4567, 5001)


def test_the_emulator_listens_on_loopback_only_and_enforces_iam(environment: dict[str, str]) -> None:
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["IOT_MTLS_ENABLED"] == "0"
    assert environment["AUTH"] == "true"
    assert environment["USE_SSL"] == "1"


def test_every_kind_of_client_in_the_emulator_trusts_our_authority(environment: dict[str, str]) -> None:
    names = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
    assert {environment[name] for name in names} == {str(Certificates.below(Path(environment["HOME"])).authority)}


def test_nothing_of_the_callers_environment_reaches_the_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hidden")
    monkeypatch.setenv("AWS_PROFILE", "production")
    given_to_it = server_environment(tmp_path, Certificates.below(tmp_path), 4567, 5001)
    assert not {"DATABASE_PASSWORD", "AWS_PROFILE"} & set(given_to_it)


def test_clients_cant_reach_a_real_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://sts.example")
    given_to_them = client_environment("https://127.0.0.1:1", tmp_path / "ca.pem", tmp_path / "environment.toml")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_STS"} & set(given_to_them)
    assert given_to_them["AWS_ENDPOINT_URL"] == given_to_them["AWS_ENDPOINT_URL_S3"] == "https://127.0.0.1:1"


def test_a_sessions_clients_stay_local_whatever_the_callers_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example")
    keys = {"AccessKeyId": "test", "SecretAccessKey": "test"}
    session = LocalSession(endpoint="https://127.0.0.1:1", authority=tmp_path / "ca.pem", credentials=keys)
    assert session.client("s3", endpoint_url="https://other.example").meta.endpoint_url == "https://127.0.0.1:1"


@given(st.integers(min_value=1, max_value=65535))
def test_only_the_tracking_port_changes_in_the_settings(tmp_path_factory: pytest.TempPathFactory, port: int) -> None:
    folder = tmp_path_factory.mktemp("settings")
    source, target = folder / "local.toml", folder / "environment.toml"
    source.write_text(SETTINGS)
    write_settings(source, target, mlflow_port=port)
    expected = tomllib.loads(SETTINGS)
    expected["tracking"]["port"] = port
    assert tomllib.loads(target.read_text()) == expected


def test_settings_without_a_tracking_port_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "local.toml"
    source.write_text("[network]\nport = 1\n[tracking]\n[images]\nport = 2\n")
    with pytest.raises(ValueError, match=r"needs a line `port = <number>` in its table \[tracking\]"):
        write_settings(source, tmp_path / "environment.toml", mlflow_port=5)


def test_the_shipped_local_settings_have_it(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "environments" / "local.toml"
    write_settings(source, tmp_path / "environment.toml", mlflow_port=5)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5


def test_a_reused_process_id_is_not_taken_for_ours(tmp_path: Path) -> None:
    ours = CloudState(os.getpid(), process_started(os.getpid()), 1, 2)
    ours.write(tmp_path / "state.json")
    assert CloudState.read(tmp_path / "state.json") == ours
    assert ours.is_running()
    assert not CloudState(os.getpid(), ours.started - 1, 1, 2).is_running()


def test_attaching_where_nothing_runs_says_how_to_start(tmp_path: Path) -> None:
    CloudState(2**22 + 1, 5, 1, 2).write(tmp_path / "state.json")
    with pytest.raises(LocalCloudError, match="make story KEEP=1"):
        LocalCloud.attach(tmp_path)
    assert not (tmp_path / "state.json").exists()


def test_a_second_cloud_in_one_folder_is_refused(tmp_path: Path) -> None:
    CloudState(os.getpid(), process_started(os.getpid()), 1, 2).write(tmp_path / "state.json")
    with pytest.raises(LocalCloudError, match="already runs"):
        LocalCloud(tmp_path).start()


def test_asking_a_cloud_that_isnt_running_says_so(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match=r"call start\(\) or attach\(\) first"):
        LocalCloud(tmp_path).client("s3")
