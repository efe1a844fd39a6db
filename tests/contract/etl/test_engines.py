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


def etl(root: Path, ledger: bytes, engine: str, environment: dict[str, str]) -> Path:
    (root / "processing/input/ledger").mkdir(parents=True)
    (root / "processing/input/ledger/ledger.csv").write_bytes(ledger)
    argv = [sys.executable, "-m", "model_code.container", "etl", "--view", BATCH.name, "--engine", engine]
    ended = subprocess.run(
        argv, env=os.environ | environment | {"ATOLL_ML_ROOT": str(root)}, cwd=PROJECT, check=False, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    return root / "processing/output"


def test_duckdb_and_spark_write_the_same_features_of_every_row(ledger: bytes, tmp_path: Path) -> None:
    expected = etl(tmp_path / "duckdb", ledger, "duckdb", {})
    actual = etl(tmp_path / "spark", ledger, "spark", small_spark(tmp_path / "conf"))
    rows = 0
    for name in FILES:
        one, other = (pd.read_parquet(output / f"{name}.parquet") for output in (expected, actual))
        assert list(one.columns) == ["transaction_id", "label", "kind", *BATCH.columns]
        pd.testing.assert_frame_equal(other, one, check_exact=True)
        rows += len(one)
    assert rows > 0.8 * ROWS
    assert (actual / "live/live.csv").read_bytes() == (expected / "live/live.csv").read_bytes()
    told = [
        json.loads((output / "features/manifest.json").read_bytes())["live"]["rows"] for output in (expected, actual)
    ]
    assert told[0] == told[1] > 0
