"""The registry: the fake and MLflow's own client over a SQLite file, without a server."""

import os
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from lambdas.release import ports
from lambdas.release.adapters.mlflow_registry import MlflowRegistry, open_client
from lambdas.release.records import RunRecord, Version
from tests.fakes import release as fakes
from tests.fakes.release import NOON

# MLflow 3.17's store uses a loader that SQLAlchemy 2.1 calls deprecated; the Lambdas never load it.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
RECORD = RunRecord(
    params={"max_depth": "6"},
    metrics={"average_precision": 0.8, "by_kind.weekend": 0.5},
    tags={"atoll.submitter": "ann"},
    files={"manifest.json": b"{}"},
    ended=NOON,
)


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    """MLflow's client over one SQLite file; each test uses a model of its own in it."""
    folder = tmp_path_factory.mktemp("mlflow")
    client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db", registry_uri=f"sqlite:///{folder}/mlflow.db")
    client.search_experiments()
    return client


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    return f"model-{zlib.crc32(request.node.name.encode()):x}"


@pytest.fixture(params=["fake", "adapter"])
def registry(
    request: pytest.FixtureRequest, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> ports.Registry:
    if request.param == "fake":
        return fakes.FakeRegistry()
    client = request.getfixturevalue("tracking")
    monkeypatch.chdir(tmp_path)
    client.create_experiment(model, artifact_location=f"file://{tmp_path}/artifacts")
    return MlflowRegistry(lambda: client)


def test_a_job_has_one_run_however_often_it_is_asked_for(registry: ports.Registry, model: str) -> None:
    runs = {registry.run_of(model, "arn:x:training-job/a") for _ in range(3)}
    assert len(runs) == 1
    assert registry.run_of(model, "arn:x:training-job/b") not in runs


def test_a_run_may_be_logged_again(registry: ports.Registry, model: str) -> None:
    run = registry.run_of(model, "arn:x:training-job/a")
    for _ in range(2):
        registry.log(run, RECORD)
    version = registry.register(model, run, {"atoll.state": "registered"})
    assert registry.versions(model) == [version]


def test_versions_come_newest_first_with_their_tags(registry: ports.Registry, model: str) -> None:
    assert registry.versions(model) == []
    run = registry.run_of(model, "arn:x:training-job/a")
    for state in ("registered", "refused"):
        registry.register(model, run, {"atoll.state": state})
    found = registry.versions(model)
    assert [(v.number, v.state, v.run_id, v.model) for v in found] == [
        ("2", "refused", run, model),
        ("1", "registered", run, model),
    ]


def test_a_tag_is_set_on_the_stored_version_and_on_the_returned_one(registry: ports.Registry, model: str) -> None:
    version = registry.register(model, registry.run_of(model, "a/b"), {"atoll.state": "registered"})
    changed = registry.tag(version, {"reason": "why", "state": "refused"})
    assert (changed.state, changed.tag("reason")) == ("refused", "why")
    assert registry.versions(model) == [changed]
    assert registry.tag(changed, {}) == changed


def test_the_champion_is_what_was_crowned_last(registry: ports.Registry, model: str) -> None:
    assert registry.champion(model) is None
    run = registry.run_of(model, "a/b")
    first, second = (registry.register(model, run, {"atoll.state": s}) for s in ("a", "b"))
    assert registry.champion(model) is None
    for version in (first, second, second):
        registry.crown(version)
    assert registry.champion(model) == second


def test_a_run_in_mlflow_holds_what_the_job_told(tracking: MlflowClient, model: str, tmp_path: Path) -> None:
    tracking.create_experiment(model, artifact_location=f"file://{tmp_path}/artifacts")
    registry = MlflowRegistry(lambda: tracking)
    run = registry.run_of(model, "arn:x:training-job/a")
    registry.log(run, RECORD)
    found = tracking.get_run(run)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "a"
    assert datetime.fromtimestamp((found.info.end_time or 0) / 1000, UTC) == NOON
    assert found.data.params == RECORD.params
    assert found.data.metrics == RECORD.metrics
    assert found.data.tags["atoll.submitter"] == "ann"
    assert len(tracking.get_metric_history(run, "average_precision")) == 1
    assert [item.path for item in tracking.list_artifacts(run)] == ["manifest.json"]
    version = registry.register(model, run, {})
    assert tracking.get_model_version(model, version.number).source == found.info.artifact_uri


def test_the_experiment_is_made_when_it_is_missing(
    tracking: MlflowClient, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    MlflowRegistry(lambda: tracking).run_of(model, "arn:x:training-job/a")
    assert tracking.get_experiment_by_name(model) is not None


def test_mlflow_is_reached_with_the_secret_and_at_the_published_address(
    aws: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")
    for name in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        monkeypatch.setenv(name, "unset")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "")
    secrets, ssm = aws("secretsmanager"), aws("ssm")
    arn = secrets.create_secret(Name="s", SecretString='{"username": "admin", "password": "p"}')["ARN"]
    ssm.put_parameter(Name="/atoll/tracking/url", Value="https://mlflow.example", Type="String")
    client = open_client(ssm, secrets, secret_arn=arn)
    assert client.tracking_uri == "https://mlflow.example"
    assert (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]) == ("admin", "p")
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"


def test_a_model_that_was_set_aside_leaves_its_place_to_a_new_one(registry: ports.Registry, model: str) -> None:
    registry.set_aside(model)
    run = registry.run_of(model, "a/b")
    for state in ("a", "b"):
        registry.crown(registry.register(model, run, {"atoll.state": state}))
    registry.set_aside(model)
    assert (registry.versions(model), registry.champion(model)) == ([], None)
    assert registry.register(model, run, {}).number == "1"


def test_what_mlflow_has_not_is_a_registry_error(registry: ports.Registry, model: str) -> None:
    version = registry.register(model, registry.run_of(model, "a/b"), {})
    missing = Version(model=model, number="7", run_id=version.run_id)
    for call in (lambda: registry.tag(missing, {"state": "x"}), lambda: registry.crown(missing)):
        with pytest.raises(ports.RegistryError):
            call()
