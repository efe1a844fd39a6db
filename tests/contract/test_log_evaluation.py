"""What was evaluated, logged by MLflow's own client over a SQLite file."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from benchmarks.log_evaluation import log, main

# MLflow 3.17's store uses a loader that SQLAlchemy 2.1 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
EVALUATED = Path(__file__).resolve().parents[2] / "docs" / "evaluation.json"
REGISTERED = {"average_precision", "precision_at_100", "recall_at_1pct_fpr", "roc_auc", "brier", "rows", "anomalies"}
"""What training's metrics.json has of every model, and the registration logs."""


LEDGERS = json.loads(EVALUATED.read_text(encoding="utf-8"))["ledgers"]


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> MlflowClient:
    """The store after everything was logged."""
    folder = tmp_path_factory.mktemp("logged")
    (folder / "evaluation").mkdir()
    for name in ("toronto-pr-curve", "toronto-weak-pr-curve", "generated-pr-curve"):
        (folder / f"evaluation/{name}.png").write_bytes(name.encode())
    (folder / "evaluation.json").write_bytes(EVALUATED.read_bytes())
    client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
    for name in LEDGERS:
        client.create_experiment(f"evaluation-{name}", artifact_location=f"file://{folder}/artifacts")
    log(folder, client)
    return client


def runs(tracking: MlflowClient, ledger: str) -> dict[str, Run]:
    experiment = tracking.get_experiment_by_name(f"evaluation-{ledger}")
    assert experiment
    found = tracking.search_runs([experiment.experiment_id])
    assert all(run.info.status == "FINISHED" for run in found)
    return {run.data.params["algorithm"]: run for run in found}


def test_every_algorithm_has_a_run_with_the_metrics_of_a_registered_model(tracking: MlflowClient) -> None:
    found, models = runs(tracking, "toronto"), LEDGERS["toronto"]["models"]
    assert set(found) == set(models)
    for name, run in found.items():
        assert set(run.data.metrics) > REGISTERED
        assert run.data.metrics["average_precision"] == models[name]["figures"]["average_precision"]["value"]
        kinds = models[name]["recall_at_1pct_fpr_by_kind"]
        assert {kind: run.data.metrics[f"by_kind.{kind}"] for kind in kinds} == kinds


def test_a_run_has_the_plots_of_its_own_ledger(tracking: MlflowClient) -> None:
    run = runs(tracking, "toronto")["rules"].info.run_id
    assert {item.path for item in tracking.list_artifacts(run)} == {"evaluation.json", "toronto-pr-curve.png"}


def test_forecasts_have_runs_with_their_errors(tracking: MlflowClient) -> None:
    found = runs(tracking, "toronto-weak")
    for name, error in LEDGERS["toronto-weak"]["weekly_forecasts"]["office"]["errors"].items():
        assert found[f"weekly spend, {name}"].data.metrics["office.mean_absolute_error"] == error


@pytest.mark.parametrize(("uri", "said"), [("", "MLFLOW_TRACKING_URI isn't set"), ("http://x", "make evaluate")])
def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], uri: str, said: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(SystemExit):
        main(["--folder", str(tmp_path)])
    assert said in capsys.readouterr().err
