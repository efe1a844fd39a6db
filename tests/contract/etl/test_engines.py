"""Both engines make the same of the same ledger: row by row, bit by bit, through the image's own entry point."""

import json
from pathlib import Path

import numpy as np
import pytest

from model_code.features.views import BATCH
from tests.contract.etl import naive
from tests.contract.etl.outputs import ROWS, etl, odd_ledger, rows_of, unlike
from tests.contract.etl.spark import small_spark
from tests.unit.model_code.own_ledgers import FEATURES, MAPPING


@pytest.fixture(scope="module")
def ledger() -> bytes:
    return odd_ledger()


def both(folder: Path, ledger: bytes, module: str, view: str) -> tuple[Path, Path]:
    """What DuckDB and what Spark write of the ledger."""
    arguments = [module, "etl", "--view", view, "--engine"]
    return (
        etl(folder / "duckdb", ledger, [*arguments, "duckdb"], {}, mapping=MAPPING),
        etl(folder / "spark", ledger, [*arguments, "spark"], small_spark(folder / "conf"), mapping=MAPPING),
    )


def test_duckdb_and_spark_write_the_same_features_of_every_row(ledger: bytes, tmp_path: Path) -> None:
    outputs = both(tmp_path, ledger, "model_code.container", BATCH.name)
    expected, actual = (rows_of(output) for output in outputs)
    assert list(actual.columns) == ["transaction_id", "label", "kind", *BATCH.columns, *FEATURES]
    assert (actual[list(FEATURES)].nunique() > 1).all()
    assert len(actual) > 0.8 * ROWS
    assert np.isfinite(actual[list(BATCH.columns)]).all(axis=None)
    assert unlike(expected, actual) == set()
    bodies = [(output / "live/live.csv").read_bytes() for output in outputs]
    assert bodies[0] == bodies[1]
    told = [json.loads((output / "features/manifest.json").read_bytes())["live"]["rows"] for output in outputs]
    assert told[0] == told[1] > 0


def test_a_feature_that_means_different_things_on_both_engines_is_found(ledger: bytes, tmp_path: Path) -> None:
    expected, actual = (rows_of(output) for output in both(tmp_path, ledger, naive.__name__, naive.VIEW.name))
    assert unlike(expected, actual) == {feature.name for feature in naive.NAIVE}
