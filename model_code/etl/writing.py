"""The files that ETL hands over (docs/contracts.md, "etl"). Equal input gives equal bytes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from model_code.etl.validation import Quarantined


def sha256_of(path: Path) -> str:
    """The sha256 (64 hex) of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def write_rows(path: Path, rows: pa.Table) -> dict[str, Any]:
    """Writes rows as Parquet; returns what a manifest says of them: sha256, bytes, rows, anomalies."""
    pq.write_table(rows, path)
    anomalies = int(rows["label"].to_numpy().sum())
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": rows.num_rows, "anomalies": anomalies}


def write_body(path: Path, features: pa.Table) -> None:
    """Writes features as the body of a request for scores: CSV without a header."""
    pa_csv.write_csv(features, path, pa_csv.WriteOptions(include_header=False))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes canonical JSON: sorted keys, compact, ASCII."""
    path.write_text(json.dumps(content, sort_keys=True, separators=(",", ":")), encoding="ascii")


def write_quarantine(path: Path, rows: Sequence[Quarantined]) -> None:
    """Writes the rows that were set aside: line, reason, row."""
    frame = pd.DataFrame([vars(row) for row in rows], columns=["line", "reason", "row"])
    frame.to_csv(path, index=False, lineterminator="\n")
