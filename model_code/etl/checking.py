"""One file of a ledger, checked row by row: the same on the one host that has all files and on an executor with one."""

import json
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

from model_code.errors import InputError
from model_code.etl.files import LedgerFile
from model_code.etl.mapping import ColumnMapping
from model_code.etl.raw import RawLedger
from model_code.etl.reading import open_ledger
from model_code.etl.texts import HALF_MARKED, UTF8_LETTERS, Seen, merge
from model_code.etl.validation import Checked, Quarantined, as_csv, validate

LINES = 1 << 40
"""A row's place in the ledger: its file's number times this, and its line there."""
DUPLICATE = "duplicate transaction_id"
REJECTED = pa.schema({"line": pa.int64(), "reason": pa.string(), "row": pa.string()})
BATCH_ROWS = 100_000


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

    def as_json(self) -> str:
        """The same as a text, for another process."""
        seen = {what: vars(each) for what, each in self.seen.items()}
        return json.dumps(vars(self) | {"seen": seen, "future": self.future and self.future.isoformat()})

    @classmethod
    def of_json(cls, text: str) -> "FileRead":
        """What `as_json` said."""
        said = json.loads(text)
        return cls(
            **said
            | {
                "reasons": Counter(said["reasons"]),
                "seen": {what: Seen(**seen) for what, seen in said["seen"].items()},
                "examples": {reason: [(line, shown) for line, shown in of] for reason, of in said["examples"].items()},
                "future": date.fromisoformat(said["future"]) if said["future"] else None,
            }
        )


class Sorted(NamedTuple):
    """Some rows of a file, with their places in the ledger as `line`."""

    accepted: pa.Table
    rejected: pa.Table


@dataclass(frozen=True)
class Checking:
    """How the files of a ledger are read. `declared`: the mapping is the ledger's own, not Atoll's."""

    mapping: ColumnMapping
    declared: bool

    @contextmanager
    def opened(self, file: LedgerFile) -> Generator[RawLedger]:
        """The file's raw rows; raises InputError like `open_ledger`."""
        with open_ledger(file.path, self.mapping, declared=self.declared, name=file.name, folders=file.folders) as raw:
            yield raw

    @contextmanager
    def checked(self, file: LedgerFile, number: int) -> Generator[tuple[FileRead, Iterator[Sorted]]]:
        """What the ledger's file of this number gave, complete once all of its rows are taken.

        Raises:
            InputError: the file or its columns can't be used.
        """
        with self.opened(file) as raw:
            _expect_columns(file.name, raw, self.mapping)
            read = _file_read(file, raw, self.mapping)
            yield read, self._sorted(read, raw, number)

    def repeated(self, file: LedgerFile, number: int, places: set[int]) -> Iterator[pa.Table]:
        """The rows at these places, those of other files among them, as duplicates."""
        lines = {place % LINES for place in places if place // LINES == number}
        if lines:
            with self.opened(file) as raw:
                for rows in _rows_at(raw, lines):
                    yield _placed(_table(rows), number)

    def _sorted(self, read: FileRead, raw: RawLedger, number: int) -> Iterator[Sorted]:
        for chunk in validate(raw.rows, raw.header, self.mapping, today=today_somewhere(), file=read.name):
            _note(read, chunk)
            accepted = pa.Table.from_pandas(chunk.accepted, preserve_index=False)
            yield Sorted(_placed(accepted, number), _placed(_table(chunk.quarantined), number))


def today_somewhere() -> date:
    """The day that no purchase is after: a day more than UTC's, as somewhere it is tomorrow already."""
    return datetime.now(tz=UTC).date() + timedelta(days=1)


def _expect_columns(name: str, raw: RawLedger, mapping: ColumnMapping) -> None:
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
    return pa.Table.from_pylist([vars(row) for row in rows], schema=REJECTED)
