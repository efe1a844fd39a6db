"""A ledger cut into its history and what came after it, both as published: so a month is handed in to be scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_code.etl.engines import duckdb_engine
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.published import write_published
from model_code.etl.staging import stage

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


def cut(ledger: Path, mapping: Path | None, first_day: date, folder: Path) -> tuple[Path, Path]:
    """Write the accepted rows before a day, and those from it on, as `history.parquet` and `new.parquet`."""
    columns, declared = read_mapping(mapping) if mapping else ColumnMapping(), mapping is not None
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb_engine(folder) as engine:
        rows = stage(ledger, columns, declared=declared, engine=engine).kept
        places = engine.rows(rows.select("line", new=rows["transaction_date"].date() >= first_day).order_by("line"))
    files = folder / "history.parquet", folder / "new.parquet"
    for path, wanted in zip(files, (False, True), strict=True):
        chosen = places.filter(places["new"] if wanted else [not each for each in places["new"].to_pylist()])
        write_published(ledger, chosen["line"].to_pylist(), path, mapping=columns, declared=declared)
    return files
