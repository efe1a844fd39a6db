"""What reading a file gives, whatever the file: a header and rows of text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from model_code.errors import InputError
from model_code.etl.mapping import ColumnMapping, Form

HEADER_WITHIN = 50
"""So many lines may stand up to a header that isn't declared."""
_DATA = re.compile(r"[-(]?[^\w\s]{0,2}\d[\d.,/: -]*[-)]?|.*[<>\0].*", re.ASCII | re.DOTALL)


class RawRow(NamedTuple):
    """One row as it stands in the file: its line (the first of the file is 1) or row number (Parquet), its values."""

    line: int
    values: list[str]


@dataclass
class RawLedger:
    """A file, opened: its header, its encoding (as Python names it, parquet or workbook), its rows to be read once."""

    header: list[str]
    encoding: str
    rows: Iterator[RawRow]
    separator: str = ""
    swallowed: list[int] = field(default_factory=list)
    """Lines where rows seem to be swallowed by a quotation mark."""
    half_marked: list[int] = field(default_factory=list)
    """Lines in which a value has a quotation mark at its end alone, where others stand between marks."""
    utf8_lines: list[int] = field(default_factory=list)
    """Lines with signs of UTF-8 in a file that isn't UTF-8 throughout."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Columns of lists and the like, with their types: no field can be read from them."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for in a file that messages call `name`."""

    name: str
    mapping: ColumnMapping | None
    declared: bool
    folders: Mapping[str, str]

    @property
    def form(self) -> Form:
        """What the mapping says of the file's form."""
        return self.mapping.form if self.mapping else Form()

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a line has all the columns."""
        if self.mapping is None:
            return any(header)
        return not self.mapping.missing([*header, *self.folders], declared=self.declared)

    def refuse(self, header: Sequence[str]) -> InputError:
        """What to say of a file whose likeliest header is this one; content is never shown."""
        if self.mapping is None or not any(header):
            return InputError(f"{self.name} is empty: a ledger's first line names its columns.")
        missing = ", ".join(self.mapping.missing(header, declared=self.declared))
        if any(_DATA.fullmatch(name.strip()) for name in header):
            return InputError(
                f"{self.name} lacks the columns {missing}; its first line holds numbers or days, so it seems to be a "
                "row "
                "and no header. Declare header_line = 0 and column_names in the column mapping (docs/mapping.md)."
            )
        named = ", ".join(filter(None, header))
        hint = "" if len(header) > 1 else " One column was found: declare the separator."
        return InputError(
            f"{self.name} lacks the columns {missing}; the line that looks most like a header has {named[:500]}.{hint} "
            "Say in the column mapping (columns.toml, docs/mapping.md) where each field stands; "
            "python -m model_code.etl.inspect writes one."
        )


def trimmed(header: Sequence[str]) -> list[str]:
    """The names without what surrounds them, and without nameless columns at the end (a comma too many)."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    return names


def fitted(values: list[str], width: int) -> list[str]:
    """A row without empty values beyond its header's."""
    return values[:width] if len(values) > width and not any(map(str.strip, values[width:])) else values


def with_folders(ledger: RawLedger, wanted: Wanted) -> RawLedger:
    """The ledger with the columns that the file's folders name."""
    more = {name: value for name, value in wanted.folders.items() if name not in ledger.header}
    if more:
        width, rows = len(ledger.header), ledger.rows
        ledger.header = [*ledger.header, *more]
        ledger.rows = (
            RawRow(row.line, [*row.values, *more.values()] if len(row.values) == width else row.values) for row in rows
        )
    return ledger
