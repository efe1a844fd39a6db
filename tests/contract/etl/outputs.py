"""What ETL writes of an odd ledger through the image's own entry point, and how two outputs differ."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from tests.unit.model_code.own_ledgers import with_own_columns

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


def odd_ledger() -> bytes:
    """A ledger that repeats itself (few merchants and amounts), with what real ones have: refunds, gaps, odd names.

    It has columns of its own, too, which a mapping may declare (`tests.unit.model_code.own_ledgers`).
    """
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
    return to_csv(with_own_columns(made.assign(**odd)))


def etl(
    root: Path, ledger: bytes, arguments: list[str], environment: dict[str, str], *, mapping: str | None = None
) -> Path:
    """Run it to its end on one machine; returns the output folder."""
    (root / "processing/input/ledger").mkdir(parents=True)
    (root / "processing/input/ledger/ledger.csv").write_bytes(ledger)
    if mapping:
        (root / "processing/input/mapping").mkdir()
        (root / "processing/input/mapping/columns.toml").write_text(mapping)
    argv = [sys.executable, "-m", *arguments]
    ended = subprocess.run(
        argv, env=os.environ | environment | {"ATOLL_ML_ROOT": str(root)}, cwd=PROJECT, check=False, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    return root / "processing/output"


def rows_of(output: Path) -> pd.DataFrame:
    """All rows that were written."""
    return pd.concat([pd.read_parquet(output / f"{name}.parquet") for name in FILES], ignore_index=True)


def unlike(one: pd.DataFrame, other: pd.DataFrame) -> set[str]:
    """The columns in which any row differs in any bit."""
    assert one.dtypes.to_dict() == other.dtypes.to_dict()
    assert one["transaction_id"].tolist() == other["transaction_id"].tolist()
    return {name for name in one.columns if not one[name].equals(other[name])}
