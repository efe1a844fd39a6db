"""A small ledger, its next month, and a model that learned from the one, made by the image's own entry points."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from model_code.container import etl, score, train
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.etl.state import MANIFEST

ROWS = 3000
MONTH = 150
"""Rows of the new file; half of them stand in the ledger already."""
Files: TypeAlias = pd.DataFrame | dict[str, pd.DataFrame]
"""One file, `ledger.csv`, or several by name."""


def purchases() -> pd.DataFrame:
    """A ledger without labels."""
    return generate(ROWS, seed=4).drop(columns=["label", "kind"])


def history(ledger: pd.DataFrame) -> pd.DataFrame:
    """All but the last rows."""
    return ledger.head(ROWS - MONTH // 2)


def new_month(ledger: pd.DataFrame) -> pd.DataFrame:
    """The last rows; the first half of them is in the history, too."""
    return ledger.tail(MONTH)


def put(folder: Path, name: str, content: bytes) -> None:
    """Write a file into a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def trained(root: Path, ledger: pd.DataFrame, mapping: str = "", view: str = "realtime") -> Path:
    """The archive of a model that learned from a ledger without labels; for whole months from injected ones."""
    whole = view == "batch"
    put(root / "processing/input/ledger", "ledger.csv", to_csv(ledger))
    if mapping:
        put(root / "processing/input/mapping", "columns.toml", mapping.encode())
    etl.main(["--view", view, *(["--inject", "7"] if whole else [])], root)
    shutil.copytree(root / "processing/output/features", root / "input/data/features")
    put(
        root / "input/config",
        "hyperparameters.json",
        b'{"algorithm": "classifier"}' if whole else b'{"algorithm": "isolation"}',
    )
    train.main([], root)
    archive = root / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted((root / "model").iterdir()):
            tar.add(path, path.name)
    return archive


def made_ready(root: Path, archive: Path, ledger: bytes, new: bytes, mapping: str = "") -> Path:
    """The rows that `etl --score` leaves, put where `score` reads them."""
    given = root / "processing/input"
    put(given / "ledger", "ledger.csv", ledger)
    put(given / "new", "new.csv", new)
    put(given / "model", "model.tar.gz", archive.read_bytes())
    if mapping:
        put(given / "mapping", "columns.toml", mapping.encode())
    etl.main(["--score"], root)
    shutil.copytree(root / "processing/output/rows", given / "rows", dirs_exist_ok=True)
    return given / "rows"


def scored(root: Path, *arguments: str) -> pd.DataFrame:
    """Every row's scores, as Parquet has them."""
    score.main(list(arguments), root)
    return pd.read_parquet(root / "processing/output/scores/scores.parquet")


def scored_by(
    root: Path, archive: Path, new: pd.DataFrame, *, ledger: Files | None, mapping: str, **more: Path
) -> tuple[pa.Table, dict[str, Any]]:
    """The rows that `etl --score` makes ready, and their manifest; with a state if there is one in `more`."""
    given = root / "processing/input"
    put(given / "new", "new.csv", to_csv(new))
    put(given / "model", "model.tar.gz", archive.read_bytes())
    if ledger is not None:
        files = ledger if isinstance(ledger, dict) else {"ledger.csv": ledger}
        for name, rows in files.items():
            put(given / "ledger", name, to_csv(rows))
    if mapping:
        put(given / "mapping", "columns.toml", mapping.encode())
    if more:
        shutil.copytree(more["state"], given / "state")
    etl.main(["--score", *(["--state"] if more else [])], root)
    made = root / "processing/output/rows"
    return pq.read_table(made / "rows.parquet"), json.loads((made / MANIFEST).read_bytes())
