"""Whatever is wrong with what a training is given: exit code 1, and one sentence in SageMaker's failure file."""

import json
import logging
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.container.__main__ import main
from tests.unit.model_code.training.features_folder import COLUMNS, split_table, write_features, write_manifest


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    monkeypatch.setenv("ATOLL_ML_ROOT", str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    write_features(tmp_path / "input/data/features", rows=200)
    (tmp_path / "input/config").mkdir()
    yield tmp_path
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def put(root: Path, split: str, table: pa.Table) -> None:
    pq.write_table(table, root / f"input/data/features/{split}.parquet")
    write_manifest(root / "input/data/features")


def with_column(table: pa.Table, name: str, values: list) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def one_class(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "label", [0] * 200))


def only_anomalies(root: Path) -> None:
    put(root, "test", with_column(split_table(200, seed=2), "label", [1] * 200))


def strange_labels(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "label", [0, 1, 2, 3] * 50))


def missing_labels(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "label", [0, 1, None, 1] * 50))


def all_missing(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "hour", [np.nan] * 200))


def wrong_columns(root: Path) -> None:
    put(root, "train", split_table(200, seed=0).drop_columns(["hour"]))


def words(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "hour", ["noon"] * 200))


def dates(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "hour", [np.datetime64("2026-01-01", "us")] * 200))


def too_large(root: Path) -> None:
    put(root, "train", with_column(split_table(200, seed=0), "hour", [1e300] + [1.0] * 199))


def empty(root: Path) -> None:
    put(root, "train", split_table(200, seed=0).slice(0, 0))


def no_parquet(root: Path) -> None:
    (root / "input/data/features/train.parquet").write_bytes(b"PAR1 not really")
    write_manifest(root / "input/data/features")


def no_features(root: Path) -> None:
    for path in (root / "input/data/features").iterdir():
        path.unlink()


def other_order(root: Path) -> None:
    write_manifest(root / "input/data/features", columns=[*COLUMNS, "kind"])


def other_feature_code(root: Path) -> None:
    write_manifest(root / "input/data/features", features_sha256="0" * 64)


def list_of_objects(root: Path) -> None:
    write_manifest(root / "input/data/features", objects=["train.parquet"])


def broken_cluster(root: Path) -> None:
    (root / "input/config/resourceconfig.json").write_text(json.dumps({"hosts": ["algo-1"], "current_host": "algo-9"}))


def study_on_two_hosts(root: Path) -> None:
    (root / "input/config/resourceconfig.json").write_text(
        json.dumps({"hosts": ["127.77.1.1", "127.77.1.2"], "current_host": "127.77.1.2"})
    )
    (root / "input/config/hyperparameters.json").write_text(json.dumps({"tuning_trials": "5"}))


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (one_class, "The labels of train.parquet are 0; expected both 0 and 1"),
        (only_anomalies, "The labels of test.parquet are 1; expected both 0 and 1"),
        (strange_labels, "The labels of train.parquet are 0, 1, 2, 3; expected both 0 and 1"),
        (missing_labels, "The labels of train.parquet are 0, 1, nan; expected both 0 and 1"),
        (all_missing, "train.parquet has no value at all for hour; drop the feature"),
        (wrong_columns, "train.parquet has no column hour; expected the manifest's columns"),
        (words, "Column hour of train.parquet holds string; expected numbers."),
        (dates, "Column hour of train.parquet holds timestamp[us]; expected numbers."),
        (too_large, "Column hour of train.parquet is 1e+300 in row 1; expected a number up to"),
        (empty, "train.parquet is empty; give a ledger that covers a longer time."),
        (no_parquet, "train.parquet can't be read as Parquet"),
        (no_features, "The features channel has no manifest.json; expected the output of the etl step"),
        (other_order, "names columns"),
        (other_feature_code, "a model would learn other features than its requests bring. Run this version's etl step"),
        (list_of_objects, "The features' manifest.json lists no objects with their sha256"),
        (broken_cluster, "resourceconfig.json isn't SageMaker's"),
        (study_on_two_hosts, "tuning_trials is 5 and this job has 2 instances; a study runs on one."),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_bad_input_fails_the_training_with_a_sentence(
    root: Path, harm: Callable[[Path], None], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATOLL_CLUSTER_MEMBER", "0")
    harm(root)
    assert main(["train"]) == 1
    sentence = (root / "output/failure").read_text()
    assert expected in sentence
    assert "Traceback" not in sentence
    assert not (root / "model").exists()
