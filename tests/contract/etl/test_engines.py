"""Both engines make the same of the same ledger: row by row, bit by bit, through the image's own entry point."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.features.views import BATCH
from tests.contract.etl import naive
from tests.contract.etl.spark import small_spark

PROJECT = Path(__file__).resolve().parents[3]
ROWS = 1000
ODD = [
    "CAFÉ ÉTOILE 7",
    "7-ELEVEN 0042",
    "#",
    "WWW.A*B.COM",
    "ÅÄÖ",
    "A  B",
    "O'NEIL \\ SONS",
    "東京 SHOP",
    "% _",
    "ßTRASSE",
]
FILES = ["features/train", "features/validation", "features/test", "live/live"]


@pytest.fixture(scope="module")
def ledger() -> bytes:
    """A ledger that repeats itself (few merchants and amounts), with what real ones have: refunds, gaps, odd names."""
    rng = np.random.default_rng(5)
    made = generate(ROWS, seed=5)
    amounts = rng.choice([0.0, 0.01, 100, 2500, -19.99, 1e9], ROWS)
    odd = {
        "merchant": rng.choice([*made["merchant"].value_counts().index[:40], *ODD], ROWS),
        "card": np.where(rng.random(ROWS) < 0.1, "", made["card"]),
        "cost_centre": np.where(rng.random(ROWS) < 0.1, "", made["cost_centre"]),
        "mcc": np.where(rng.random(ROWS) < 0.05, "", made["mcc"]),
        "merchant_currency": rng.choice(["", "USD", "EUR"], ROWS),
        "amount": np.where(rng.random(ROWS) < 0.3, amounts, made["amount"]),
    }
    return to_csv(made.assign(**odd))


def etl(root: Path, ledger: bytes, arguments: list[str], environment: dict[str, str]) -> Path:
    (root / "processing/input/ledger").mkdir(parents=True)
    (root / "processing/input/ledger/ledger.csv").write_bytes(ledger)
    argv = [sys.executable, "-m", *arguments]
    ended = subprocess.run(
        argv, env=os.environ | environment | {"ATOLL_ML_ROOT": str(root)}, cwd=PROJECT, check=False, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    return root / "processing/output"


def both(folder: Path, ledger: bytes, module: str, view: str) -> tuple[Path, Path]:
    """What DuckDB and what Spark write of the ledger."""
    arguments = [module, "etl", "--view", view, "--engine"]
    return (
        etl(folder / "duckdb", ledger, [*arguments, "duckdb"], {}),
        etl(folder / "spark", ledger, [*arguments, "spark"], small_spark(folder / "conf")),
    )


def rows_of(output: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(output / f"{name}.parquet") for name in FILES], ignore_index=True)


def unlike(one: pd.DataFrame, other: pd.DataFrame) -> set[str]:
    """The columns in which any row differs in any bit."""
    assert one.dtypes.to_dict() == other.dtypes.to_dict()
    assert one["transaction_id"].tolist() == other["transaction_id"].tolist()
    return {name for name in one.columns if one[name].to_numpy().tolist() != other[name].to_numpy().tolist()}


def test_duckdb_and_spark_write_the_same_features_of_every_row(ledger: bytes, tmp_path: Path) -> None:
    outputs = both(tmp_path, ledger, "model_code.container", BATCH.name)
    expected, actual = (rows_of(output) for output in outputs)
    assert list(actual.columns) == ["transaction_id", "label", "kind", *BATCH.columns]
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
