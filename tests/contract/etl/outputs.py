"""What ETL writes of an odd ledger through the image's own entry point, and how two outputs differ."""

import io
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
ZIPPED = {"method": "infer", "mtime": 0}
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


def lay_out(ledger: bytes, folder: Path) -> None:
    """The ledger as partitions of years and months: Parquet, CSV, gzipped CSV; with what is set aside, and repeats."""
    rows = pd.read_csv(io.BytesIO(ledger), dtype=str, keep_default_na=False)
    rows.loc[rows.index % 50 == 7, "transaction_id"] = ""
    for number, (month, part) in enumerate(rows.groupby(rows["transaction_date"].str[:7])):
        inside = folder / f"year={str(month)[:4]}" / f"month={str(month)[5:]}"
        inside.mkdir(parents=True)
        if number % 3 == 0:
            part.to_parquet(inside / "50 % [é].parquet", index=False)
        else:
            part.to_csv(inside / ("part.csv" if number % 3 == 1 else "part.csv.gz"), index=False, compression=ZIPPED)
    again = rows.head(9).assign(amount=["x", *rows["amount"][1:9]])
    again.to_csv(folder / "late.csv", index=False)


def run_etl(module: str, engine: str, roots: list[Path], environment: dict[str, str]) -> str:
    """Run a job a root, one after the other in one process; returns what it logged."""
    argv = [sys.executable, "-m", module, engine, *map(str, roots)]
    ended = subprocess.run(argv, env=os.environ | environment, cwd=PROJECT, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stderr


def rows_of(output: Path) -> pd.DataFrame:
    """All rows that were written."""
    return pd.concat([pd.read_parquet(output / f"{name}.parquet") for name in FILES], ignore_index=True)


def unlike(one: pd.DataFrame, other: pd.DataFrame) -> set[str]:
    """The columns in which any row differs in any bit."""
    assert one.dtypes.to_dict() == other.dtypes.to_dict()
    assert one["transaction_id"].tolist() == other["transaction_id"].tolist()
    return {name for name in one.columns if not one[name].equals(other[name])}
