"""On real labels a model is worth what a review finds more by it than by rules; of few labels nothing is said."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.algorithms.rules import WrittenRules
from model_code.training.channel import Split
from model_code.training.lift import LEAST_ANOMALIES, lift, too_few
from model_code.training.training import train
from tests.unit.model_code.training.features_folder import write_features, write_manifest

COLUMNS = ("amount_log", "refund")


def split(anomalies: int, rows: int = 4000) -> Split:
    amounts = np.linspace(1, 2, rows)
    labels = np.zeros(rows, np.float32)
    labels[:anomalies] = 1
    return Split(rows=np.column_stack([amounts, np.zeros(rows)]), labels=labels, kinds=[""] * rows)


def test_what_is_found_more_than_by_rules_is_told_with_its_interval() -> None:
    test = split(30)
    found = lift(test, COLUMNS, test.labels, None)
    assert found["found"]["model"] == {"value": 1, "low": 1, "high": 1}
    assert found["over"]["rules"] == {"value": 1, "low": 1, "high": 1}
    others = np.arange(4000) > 3900
    half = np.where(np.arange(4000) % 2, test.labels, others / 2).astype(np.float32)
    over = lift(test, COLUMNS, half, test.labels)["over"]["champion"]
    assert over["value"] == pytest.approx(-0.5)
    assert over["low"] < over["value"] < over["high"] < 0


def test_the_same_ranking_has_no_lift_over_itself() -> None:
    test = split(30)
    assert lift(test, COLUMNS, test.labels, test.labels)["over"]["champion"] == {"value": 0, "low": 0, "high": 0}


def test_rules_that_a_ledger_can_not_follow_never_fire() -> None:
    known = WrittenRules(COLUMNS).score(split(1).rows)
    assert known.tolist() == sorted(known)
    assert set(np.unique(WrittenRules(("hour",)).score(np.ones((3, 1))))) == {0}


@pytest.mark.parametrize(("anomalies", "said"), [(LEAST_ANOMALIES, False), (LEAST_ANOMALIES - 1, True), (0, True)])
def test_fewer_than_twenty_anomalies_give_no_figure(anomalies: int, *, said: bool) -> None:
    assert bool(too_few(split(anomalies).labels)) == said


@pytest.mark.parametrize("labels", ["given", "injected"])
def test_a_training_on_four_anomalies_has_a_model_and_no_metrics(tmp_path: Path, labels: str) -> None:
    features = write_features(tmp_path / "features")
    table = pq.read_table(features / "test.parquet")
    few = np.zeros(table.num_rows, np.int8)
    few[np.flatnonzero(table["label"].to_numpy())[:4]] = 1
    place = table.column_names.index("label")
    pq.write_table(table.set_column(place, "label", pa.array(few)), features / "test.parquet")
    write_manifest(features, labels=labels)
    train(features, tmp_path / "model", Hyperparameters(n_estimators=10), threads=1)
    metrics = json.loads((tmp_path / "model/metrics.json").read_bytes())
    assert metrics["too_few"].startswith("the held-out rows have 4 anomalies")
    assert set(metrics) == {"rows", "anomalies", "slices", "holdout_sha256", "labels", "too_few"}
    assert json.loads((tmp_path / "model/card.json").read_bytes())["metrics"]["anomalies"] == 4


def test_injected_labels_have_no_lift(tmp_path: Path) -> None:
    features = write_features(tmp_path / "features")
    write_manifest(features, labels="injected")
    metrics = train(features, tmp_path / "model", Hyperparameters(n_estimators=10), threads=1).metrics
    assert "lift" not in metrics
    assert metrics["labels"] == "injected"
