"""A checked ledger on disk: however long it is, only a part of it is in memory at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.anomalies import Purchases
from model_code.etl.engines import BATCH_ROWS, Engine, batches
from model_code.etl.mapping import ColumnMapping
from model_code.etl.reading import RawLedger, open_ledger
from model_code.etl.validation import Quarantined, as_csv, validate

DUPLICATE = "duplicate transaction_id"
UNKNOWN_KIND = "unknown"
ORDER = ["transaction_date", "transaction_id"]
_QUARANTINED = pa.schema({"line": pa.int64(), "reason": pa.string(), "row": pa.string()})

Inject = Callable[[Purchases], pd.DataFrame]
"""Makes anomalies for a ledger that brought no labels: rows to be added, with labels."""


@dataclass(frozen=True)
class Staged:
    """A ledger's rows with their `line`, those set aside (both as Parquet files), and what a report says of them."""

    checked: Table
    quarantined: Table
    encoding: str
    labelled: bool
    """Whether the ledger brought labels of its own."""


def stage(ledger: Path, mapping: ColumnMapping, *, declared: bool, engine: Engine, folder: Path) -> Staged:
    """Check a ledger row by row. `engine` is DuckDB; `declared`: the mapping is the ledger's own, not Atoll's.

    Of rows with the same id, the first one of the file is accepted.

    Raises:
        InputError: the file or its columns can't be used.
    """
    with open_ledger(ledger) as raw:
        expect_columns(ledger, raw.header, mapping, declared=declared)
        _check(raw, mapping, folder)
    rows = engine.read(folder / "checked.parquet")
    ids = rows.select("line", "transaction_id")
    times = ibis.row_number().over(group_by="transaction_id", order_by="line")
    counted = ids.mutate(times=times)
    repeated = engine.keep(counted.filter(counted["times"] > 0).select("line"))
    _set_aside(ledger, set(engine.rows(repeated)["line"].to_pylist()), folder / "repeated.parquet")
    return Staged(
        checked=rows.anti_join(repeated, "line"),
        quarantined=engine.read(folder / "rejected.parquet").union(engine.read(folder / "repeated.parquet")),
        encoding=raw.encoding,
        labelled=mapping.columns.get("label") in raw.header,
    )


def write_ledger(staged: Staged, path: Path, *, engine: Engine, inject: Inject | None) -> None:
    """Write the accepted rows, labelled, with `row`: their numbers by date and id, which is also their order.

    Without labels and without `inject`, every label is 0 and says nothing.
    """
    rows = staged.checked.drop("line")
    unnamed = (rows["label"] == 1) & (rows["kind"] == "")
    labelled = rows.mutate(kind=unnamed.ifelse(UNKNOWN_KIND, rows["kind"]))
    if not staged.labelled and inject:
        made = pa.Table.from_pandas(inject(_purchases(staged, engine)), rows.schema().to_pyarrow())
        pq.write_table(made, path.with_name("injected.parquet"))
        labelled = rows.union(engine.read(path.with_name("injected.parquet")))
    number_rows(labelled, path, engine=engine)


def number_rows(rows: Table, path: Path, *, engine: Engine) -> None:
    """Write the rows by date and id, with `row`: their numbers in this order."""
    parts = batches(engine, rows.order_by(ORDER))
    first, writer = 0, None
    for part in parts:
        numbered = part.append_column("row", pa.array(np.arange(first, first + len(part))))
        writer = writer or pq.ParquetWriter(path, numbered.schema)
        writer.write_batch(numbered)
        first += len(part)
    if writer:
        writer.close()


def _purchases(staged: Staged, engine: Engine) -> Purchases:
    """The accepted rows by date and id; of ten million, what is held in memory takes a third of a gigabyte."""
    known = staged.checked.order_by(ORDER).select("line", "transaction_date", "amount", "merchant", "mcc")
    parts = [_with_codes(part) for part in batches(engine, known)]
    held = pa.Table.from_batches(parts).unify_dictionaries().to_pandas()
    lines = held.pop("line").to_numpy()

    def rows(at: np.ndarray) -> pd.DataFrame:
        asked = ibis.memtable(pa.table({"line": np.unique(lines[at])}))
        found = engine.rows(staged.checked.semi_join(asked, "line")).to_pandas()
        return found.set_index("line").loc[lines[at]].reset_index(drop=True)

    return Purchases(held, rows)


def _with_codes(part: pa.RecordBatch) -> pa.RecordBatch:
    for name in ("merchant", "mcc"):
        part = part.set_column(part.schema.get_field_index(name), name, part[name].dictionary_encode())
    return part


def today_somewhere() -> date:
    """The day that no purchase is after: a day more than UTC's, as somewhere it is tomorrow already."""
    return datetime.now(tz=UTC).date() + timedelta(days=1)


def expect_columns(ledger: Path, header: list[str], mapping: ColumnMapping, *, declared: bool) -> None:
    """Check that a ledger's header has what its mapping names.

    Raises:
        InputError: it lacks a column, or has one twice.
    """
    if missing := mapping.missing(header, declared=declared):
        raise InputError(
            f"{ledger.name} lacks the columns {', '.join(missing)}; it has {', '.join(header)}. "
            "Hand in a column mapping (columns.toml) that says where each field stands."
        )
    if doubled := sorted(name for name in set(mapping.columns.values()) if header.count(name) > 1):
        raise InputError(f"{ledger.name} has more than one column named {', '.join(doubled)}: rename all but one.")


def _check(raw: RawLedger, mapping: ColumnMapping, folder: Path) -> None:
    checked = None
    with pq.ParquetWriter(folder / "rejected.parquet", _QUARANTINED) as rejected:
        for chunk in validate(raw.rows, raw.header, mapping, today=today_somewhere()):
            accepted = pa.Table.from_pandas(chunk.accepted, preserve_index=False)
            checked = checked or pq.ParquetWriter(folder / "checked.parquet", accepted.schema)
            checked.write_table(accepted)
            rejected.write_table(_table(chunk.quarantined))
    if checked:
        checked.close()


def _set_aside(ledger: Path, lines: set[int], path: Path) -> None:
    """Write the rows of these lines as duplicates; the file is read again only where there are some."""
    with pq.ParquetWriter(path, _QUARANTINED) as writer:
        for rows in _rows_at(ledger, lines) if lines else ():
            writer.write_table(_table(rows))


def _rows_at(ledger: Path, lines: set[int]) -> Iterator[list[Quarantined]]:
    with open_ledger(ledger) as raw:
        found: list[Quarantined] = []
        for row in raw.rows:
            if row.line in lines:
                found.append(Quarantined(row.line, DUPLICATE, as_csv(row.values)))
            if len(found) == BATCH_ROWS:
                yield found
                found = []
        yield found


def _table(rows: list[Quarantined]) -> pa.Table:
    return pa.Table.from_pylist([vars(row) for row in rows], schema=_QUARANTINED)
