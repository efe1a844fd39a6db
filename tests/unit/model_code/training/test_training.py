import hashlib
import json
import os
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.algorithms import gradient_boosting
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.boosters import load_booster
from model_code.errors import InputError
from model_code.serving.guard import Guard
from model_code.training.artifact import canonical_json, write_artifact
from model_code.training.channel import read_channel
from model_code.training.packaging import usual
from model_code.training.training import train
from model_code.version import code_sha256, features_sha256
from tests.unit.model_code.training.features_folder import COLUMNS, KINDS, write_features, write_manifest

CHOICES = Hyperparameters(n_estimators=60)


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_features(tmp_path_factory.mktemp("training") / "features")


@pytest.fixture(scope="module")
def artifact(features: Path) -> Path:
    train(features, features.parent / "model", CHOICES, threads=1)
    return features.parent / "model"


def read(artifact: Path, name: str) -> dict:
    return json.loads((artifact / name).read_bytes())


def test_the_same_input_and_seed_give_the_same_bytes(features: Path, artifact: Path, tmp_path: Path) -> None:
    again = train(features, tmp_path / "again", CHOICES, threads=1)
    for path in artifact.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name
    assert again.manifest_sha256 == hashlib.sha256((artifact / "manifest.json").read_bytes()).hexdigest()


def test_everybody_may_read_an_artifact_whatever_the_umask(tmp_path: Path) -> None:
    """SageMaker packs the modes with the files; the endpoint reads them as another user than wrote them."""
    before = os.umask(0o077)
    try:
        write_artifact(tmp_path, {"model.ubj": b"{}"}, {})
    finally:
        os.umask(before)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "model.ubj": 0o644,
        "manifest.json": 0o644,
    }


def test_another_seed_gives_another_model(features: Path, artifact: Path, tmp_path: Path) -> None:
    train(features, tmp_path / "other", Hyperparameters(n_estimators=60, seed=18), threads=1)
    assert (tmp_path / "other/model.ubj").read_bytes() != (artifact / "model.ubj").read_bytes()


def test_the_manifest_is_canonical_and_names_every_file(features: Path, artifact: Path) -> None:
    manifest = read(artifact, "manifest.json")
    assert (artifact / "manifest.json").read_bytes() == canonical_json(manifest)
    assert set(manifest["files"]) | {"manifest.json"} == {path.name for path in artifact.iterdir()}
    for name, entry in manifest["files"].items():
        content = (artifact / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert manifest["data_manifest_sha256"] == hashlib.sha256((features / "manifest.json").read_bytes()).hexdigest()
    assert manifest["code_sha256"] == code_sha256()
    assert manifest["features_sha256"] == features_sha256()
    assert manifest["xgboost_version"] == "3.2.0"
    assert manifest["hyperparameters"]["tree_method"] == "hist"
    assert (manifest["model"], manifest["algorithm"], manifest["version"]) == ("card-anomaly", "xgboost", 1)
    assert manifest["trained_rows"] == 600


def test_golden_rows_cover_the_scores_and_are_the_models_own(features: Path, artifact: Path) -> None:
    golden = read(artifact, "golden.json")
    model = load_booster((artifact / "model.ubj").read_bytes())
    rows = np.array(golden["rows"], dtype=np.float64)
    assert rows.shape == (20, len(COLUMNS))
    assert gradient_boosting.score(model, rows).astype(float).tolist() == golden["scores"]
    every = gradient_boosting.score(model, read_channel(features).test.rows)
    assert (min(golden["scores"]), max(golden["scores"])) == (float(every.min()), float(every.max()))


def test_every_endpoint_answers_the_golden_rows(features: Path, artifact: Path) -> None:
    channel = read_channel(features)
    guard = Guard(read(artifact, "guard.json"), channel.columns, None)
    rows = np.array(read(artifact, "golden.json")["rows"], dtype=np.float64)
    assert guard.unusual_rows(rows) == 0
    described = (artifact / "guard.json").read_bytes()
    far = channel.test.rows.copy()
    far[::2] = 1e30
    assert usual(described, channel.columns, far).tolist() == [number % 2 == 1 for number in range(len(far))]
    assert usual(described, channel.columns, np.full_like(far, 1e30)).all()


def test_the_model_finds_the_anomalies_and_tells_it_by_kind(artifact: Path) -> None:
    metrics = read(artifact, "metrics.json")
    assert metrics["average_precision"] > 0.7
    assert set(metrics["by_kind"]) == set(KINDS)
    names = {
        "average_precision",
        "ap_on_validation",
        "precision_at_100",
        "recall_at_1pct_fpr",
        "roc_auc",
        "rows",
        "anomalies",
        "by_kind",
    }
    assert set(metrics) == names | {"brier", "holdout_sha256", "slices", "labels", "lift"}


def test_the_metrics_name_the_rows_they_were_measured_on(features: Path, artifact: Path) -> None:
    held_out = hashlib.sha256((features / "test.parquet").read_bytes()).hexdigest()
    assert read(artifact, "metrics.json")["holdout_sha256"] == held_out


@pytest.mark.parametrize(
    ("algorithm", "labels", "why"),
    [("isolation", "given", "learns from no labels"), ("combined", "none", "finds no labels")],
)
def test_a_forest_alone_is_not_trained_on_whole_months(algorithm: str, labels: str, why: str, tmp_path: Path) -> None:
    folder = write_features(tmp_path / "features")
    write_manifest(folder, view="batch", labels=labels)
    with pytest.raises(InputError, match=f"of the view batch, and algorithm={algorithm} {why}"):
        train(folder, tmp_path / "out", Hyperparameters(algorithm=algorithm), threads=1)


def test_the_card_says_what_an_approver_must_know(features: Path, artifact: Path) -> None:
    card, metrics, manifest = (read(artifact, f"{name}.json") for name in ("card", "metrics", "manifest"))
    assert card["data"]["manifest_sha256"] == manifest["data_manifest_sha256"]
    assert card["data"]["rows"] == {"train": 600, "validation": 600, "test": 600}
    assert card["data"]["anomalies"]["test"] == metrics["anomalies"]
    assert card["metrics"]["average_precision"] == metrics["average_precision"]
    assert card["slices"] == metrics["slices"]
    assert card["hyperparameters"] == manifest["hyperparameters"]
    assert card["intended_use"]
    assert card["not_intended"]
    assert card["limits"]
    assert card["calibration"]["slope"] > 0
    assert card["tuning"] == []
    validation = read_channel(features).validation
    model = load_booster((artifact / "model.ubj").read_bytes())
    scores = gradient_boosting.score(model, validation.rows)
    assert np.mean(scores >= card["thresholds"]["review_budget_1pct"]) == pytest.approx(0.01)
    ordinary = scores[validation.labels == 0]
    assert np.mean(ordinary >= card["thresholds"]["false_positives_1pct"]) <= 0.01


def test_the_features_and_their_baseline_are_told(artifact: Path) -> None:
    assert read(artifact, "features.json") == {
        "view": "realtime",
        "columns": COLUMNS,
        "objective": "binary:logistic",
        "meanings": {},
    }
    baseline = read(artifact, "baseline.json")
    assert list(baseline) == sorted(COLUMNS)
    assert baseline["refunds"]["missing"] > 0


def test_a_monitor_that_reads_the_training_rows_as_text_finds_the_baselines_very_shares(
    features: Path, artifact: Path
) -> None:
    """Single precision would move values that equal an edge (log counts, shares) into the next bin: false drift."""
    table = pq.read_table(features / "train.parquet")
    for name, feature in read(artifact, "baseline.json").items():
        texts = [repr(value) for value in table[name].to_pylist() if value is not None]
        bins = Counter(bisect_left(feature["edges"], float(text)) for text in texts)
        assert feature["shares"] == [bins[number] / len(texts) for number in range(len(feature["edges"]) + 1)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("algorithm", "objective", "least"),
    [("ranker", "rank:ndcg", 0.6), ("combined", "binary:logistic", 0.6), ("isolation", "binary:logistic", 0.2)],
)
def test_every_algorithm_becomes_an_artifact_that_serves_like_the_classifier(
    features: Path, artifact: Path, tmp_path: Path, algorithm: str, objective: str, least: float
) -> None:
    trained = train(features, tmp_path, Hyperparameters(n_estimators=30, algorithm=algorithm), threads=1)
    assert trained.metrics["average_precision"] > least
    assert trained.metrics.keys() == read(artifact, "metrics.json").keys(), "MLflow gets the same metrics of each"
    assert read(tmp_path, "features.json")["objective"] == "binary:logistic"
    assert read(tmp_path, "manifest.json")["hyperparameters"]["objective"] == objective
    assert (tmp_path / "forest.bin").exists(), "the kernel serves it"
    scores = read(tmp_path, "golden.json")["scores"]
    assert all(0 < score < 1 for score in scores)


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_features(tmp_path_factory.mktemp("unlabelled") / "features")
    for path in folder.glob("*.parquet"):
        table = pq.read_table(path)
        none = pa.array(np.zeros(table.num_rows, np.int8))
        pq.write_table(table.set_column(table.column_names.index("label"), "label", none), path)
    write_manifest(folder, labels="none")
    return folder


@pytest.mark.long
@pytest.mark.parametrize("algorithm", ["isolation", "combined"])
def test_a_ledger_without_labels_trains_a_forest_whose_scores_begin_to_be_odd_at_a_half(
    unlabelled: Path, tmp_path: Path, algorithm: str
) -> None:
    train(unlabelled, tmp_path / "model", Hyperparameters(algorithm=algorithm), threads=1)
    metrics, card = (read(tmp_path / "model", f"{name}.json") for name in ("metrics", "card"))
    assert (metrics["rows"], metrics["anomalies"]) == (600, 0)
    assert "average_precision" not in metrics  # so the gate refuses it
    assert card["data"]["labels"] == "none"
    model = load_booster((tmp_path / "model/model.ubj").read_bytes())
    scores = gradient_boosting.score(model, read_channel(unlabelled).validation.rows)
    assert np.mean(scores > 0.5) == pytest.approx(0.01, abs=0.003)
    assert len(np.unique(scores)) > 100


@pytest.mark.parametrize(
    "choices",
    [{"algorithm": "classifier"}, {"algorithm": "ranker"}, {"algorithm": "isolation", "tuning_trials": 2}],
)
def test_what_learns_from_labels_is_refused_without(unlabelled: Path, tmp_path: Path, choices: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"The ledger has no labels, and algorithm=\w+, tuning_trials=\d learns from"):
        train(unlabelled, tmp_path, Hyperparameters(**choices), threads=1)
