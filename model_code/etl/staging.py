"""A checked ledger on disk: however long it is, only a part of it is in memory at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.anomalies import Purchases
from model_code.etl.engines import BATCH_ROWS, Engine, batches
from model_code.etl.files import LedgerFile, files_of
from model_code.etl.identity import DUPLICATE, added_up, identified, repeats
from model_code.etl.mapping import ColumnMapping
from model_code.etl.raw import RawLedger
from model_code.etl.reading import open_ledger
from model_code.etl.texts import HALF_MARKED, UTF8_LETTERS, Seen, merge
from model_code.etl.validation import Checked, Quarantined, as_csv, validate

UNKNOWN_KIND = "unknown"
ORDER = ["transaction_date", "transaction_id"]
LINES = 1 << 40
"""A row's place in the ledger: its file's number times this, and its line there."""
_QUARANTINED = pa.schema({"line": pa.int64(), "reason": pa.string(), "row": pa.string()})

Inject = Callable[[Purchases], pd.DataFrame]
"""Makes anomalies for a ledger that brought no labels: rows to be added, with labels."""


@dataclass
class FileRead:
    """What one file of a ledger gave."""

    name: str
    sha256: str
    encoding: str
    separator: str
    swallowed: list[int]
    labelled: bool
    read: int = 0
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    seen: dict[str, Seen] = field(default_factory=dict)
    examples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    future: date | None = None
    """The first day on which a row counts that was set aside as in the future."""


@dataclass(frozen=True)
class Staged:
    """A ledger's purchases with the `line` that is their place, rows set aside, and what a report says of them."""

    checked: Table
    quarantined: Table
    rows: Table
    """The accepted rows before repeated ones were set aside and lines were added up."""
    kept: Table
    """The accepted rows without repeated ones; lines are not added up."""
    files: list[FileRead]
    lines_added: int
    """So many lines went into purchases of several lines, beyond the first."""
    cases: bool = False
    """Whether labels came from a file of cases (`model_code.etl.cases`)."""

    @property
    def labelled(self) -> bool:
        """Whether the ledger brought labels, its own or those of its cases."""
        return self.cases or any(each.labelled for each in self.files)

    @property
    def future(self) -> str | None:
        """The first day on which it would be read otherwise: a row counts that was set aside as in the future."""
        return min((str(each.future) for each in self.files if each.future), default=None)

    @property
    def encoding(self) -> str:
        """How the files are written, each way once."""
        return ", ".join(dict.fromkeys(each.encoding for each in self.files))


def stage(ledger: Path, mapping: ColumnMapping, *, declared: bool, engine: Engine, folder: Path) -> Staged:
    """Check a ledger row by row. `engine` is DuckDB; `declared`: the mapping is the ledger's own, not Atoll's.

    Of rows with the same id, the first one of the last file that has it is accepted, or all are added up where the
    mapping says so.

    Raises:
        InputError: a file or its columns can't be used.
    """
    with files_of(ledger) as files:
        read = _check_all(files, mapping, folder, declared=declared)
        rows = identified(engine.read(folder / "checked.parquet"), engine, folder)
        twice = repeats(rows, engine, add_lines=mapping.add_lines)
        _set_aside(files, mapping, twice, folder / "repeated.parquet", declared=declared)
    pq.write_table(pa.table({"line": pa.array(sorted(twice), pa.int64())}), folder / "twice.parquet")
    kept = rows.anti_join(engine.read(folder / "twice.parquet"), "line") if twice else rows
    purchases = added_up(kept) if mapping.add_lines else kept
    return Staged(
        checked=purchases,
        quarantined=engine.read(folder / "rejected.parquet").union(engine.read(folder / "repeated.parquet")),
        rows=rows,
        kept=kept,
        files=read,
        lines_added=engine.size(kept) - engine.size(purchases) if mapping.add_lines else 0,
    )


def described(file: FileRead) -> dict[str, Any]:
    """What a report says of a file."""
    plain = {name: getattr(file, name) for name in ("name", "sha256", "encoding", "read", "accepted")}
    seen = {what: seen.rows for what, seen in sorted(file.seen.items())}
    return plain | {"reasons": dict(sorted(file.reasons.items())), "seen": seen}


def place_of(place: int, files: list[FileRead]) -> tuple[str, int]:
    """The file and the line of a row's place in the ledger."""
    number, line = divmod(place, LINES)
    return files[number].name, line


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


def expect_columns(name: str, raw: RawLedger, mapping: ColumnMapping) -> None:
    """Check that what the mapping names can be read from a file, and stands there once.

    Raises:
        InputError: a column is there twice, or holds lists or the like.
    """
    read = [raw.header[place] for place in {*mapping.places(raw.header).values(), *mapping.id_places(raw.header)}]
    if doubled := sorted(column for column in read if raw.header.count(column) > 1):
        raise InputError(f"{name} has more than one column named {', '.join(doubled)}: rename all but one.")
    for column in read:
        if column in raw.unreadable:
            raise InputError(
                f"Column {column} of {name} holds {raw.unreadable[column]}; expected texts, numbers or days."
            )


def _check_all(files: list[LedgerFile], mapping: ColumnMapping, folder: Path, *, declared: bool) -> list[FileRead]:
    read, checked = [], None
    with pq.ParquetWriter(folder / "rejected.parquet", _QUARANTINED) as rejected:
        for number, file in enumerate(files):
            with open_ledger(file.path, mapping, declared=declared, name=file.name, folders=file.folders) as raw:
                expect_columns(file.name, raw, mapping)
                read.append(_file_read(file, raw, mapping))
                for chunk in validate(raw.rows, raw.header, mapping, today=today_somewhere(), file=file.name):
                    _note(read[-1], chunk)
                    accepted = pa.Table.from_pandas(chunk.accepted, preserve_index=False)
                    accepted = _placed(accepted, number)
                    checked = checked or pq.ParquetWriter(folder / "checked.parquet", accepted.schema)
                    checked.write_table(accepted)
                    rejected.write_table(_placed(_table(chunk.quarantined), number))
    if checked:
        checked.close()
    return read


def _file_read(file: LedgerFile, raw: RawLedger, mapping: ColumnMapping) -> FileRead:
    labelled = "label" in mapping.places(raw.header)
    read = FileRead(file.name, file.sha256, raw.encoding, raw.separator, raw.swallowed, labelled)
    if raw.utf8_lines:
        read.seen[UTF8_LETTERS] = Seen(len(raw.utf8_lines), raw.utf8_lines[0], "")
    if raw.half_marked:
        read.seen[HALF_MARKED] = Seen(len(raw.half_marked), raw.half_marked[0], "")
    return read


def _note(file: FileRead, chunk: Checked) -> None:
    file.read += len(chunk.quarantined) + len(chunk.accepted)
    file.accepted += len(chunk.accepted)
    file.reasons.update(row.reason for row in chunk.quarantined)
    merge(file.seen, chunk.seen)
    for reason, shown in chunk.examples.items():
        file.examples.setdefault(reason, shown)
    file.future = min(filter(None, [file.future, chunk.future]), default=None)


def _placed(table: pa.Table, number: int) -> pa.Table:
    """The rows with their place in the ledger as `line`."""
    at = table.schema.get_field_index("line")
    places = pa.array(table["line"].to_numpy() + number * LINES, pa.int64())
    return table.set_column(at, pa.field("line", pa.int64()), places)


def _set_aside(files: list[LedgerFile], mapping: ColumnMapping, lines: set[int], path: Path, *, declared: bool) -> None:
    """Write the rows of these places as duplicates; a file is read again only where it has some."""
    numbers = {place // LINES for place in lines}
    with pq.ParquetWriter(path, _QUARANTINED) as writer:
        for number in sorted(numbers):
            file = files[number]
            with open_ledger(file.path, mapping, declared=declared, name=file.name, folders=file.folders) as raw:
                for rows in _rows_at(raw, {place % LINES for place in lines if place // LINES == number}):
                    writer.write_table(_placed(_table(rows), number))


def _rows_at(raw: RawLedger, lines: Iterable[int]) -> Iterator[list[Quarantined]]:
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
