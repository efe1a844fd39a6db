"""The files that ETL hands over (docs/contracts.md, "etl"). Equal input gives equal bytes."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

_HEADERLESS = pa_csv.WriteOptions(include_header=False)


def sha256_of(path: Path) -> str:
    """The sha256 (64 hex) of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def write_rows(path: Path, slices: Iterable[pa.Table], *, body: Path | None = None) -> dict[str, Any]:
    """Writes slices of rows one after another as Parquet; returns what a manifest says: sha256, bytes, rows, anomalies.

    `body` gets the features (all but the first three columns) as the body of a request for scores: CSV, no header.
    """
    rows = anomalies = 0
    with ExitStack() as files:
        parquet = lines = None
        for each in slices:
            parquet = parquet or files.enter_context(pq.ParquetWriter(path, each.schema))
            parquet.write_table(each)
            rows, anomalies = rows + each.num_rows, anomalies + int(each["label"].to_numpy().sum())
            if body:
                features = each.select(each.column_names[3:])
                lines = lines or files.enter_context(pa_csv.CSVWriter(body, features.schema, write_options=_HEADERLESS))
                lines.write_table(features)
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": rows, "anomalies": anomalies}


def write_tables(path: Path, slices: Iterable[pa.Table]) -> dict[str, Any]:
    """Writes tables of the same columns one after another as Parquet; returns what a manifest says of the file."""
    rows, writer = 0, None
    for each in slices:
        writer = writer or pq.ParquetWriter(path, each.schema)
        writer.write_table(each)
        rows += each.num_rows
    if writer:
        writer.close()
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size, "rows": rows}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes canonical JSON: sorted keys, compact, ASCII."""
    path.write_text(json.dumps(content, sort_keys=True, separators=(",", ":")), encoding="ascii")


def write_quarantine(path: Path, batches: Iterable[pa.RecordBatch], place: Callable[[int], tuple[str, int]]) -> None:
    """Writes the rows that were set aside: file, line, reason, row; `place` tells file and line."""
    with path.open("w", encoding="utf-8", newline="") as target:
        lines = csv.writer(target, lineterminator="\n")
        lines.writerow(["file", "line", "reason", "row"])
        for batch in batches:
            for at, reason, row in zip(*(batch[name].to_pylist() for name in ("line", "reason", "row")), strict=True):
                lines.writerow([*place(at), reason, row])
