"""Raw rows out of CSV, gzipped CSV and Parquet: text, with line numbers. Nothing is judged here but the file itself."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from model_code.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BEYOND_LATIN1 = re.compile("[^\x00-\xff]")
_BLOCK = 1 << 20


class RawRow(NamedTuple):
    """One row as it stands in the file: its line (a CSV's header is line 1) or row number (Parquet), and its values."""

    line: int
    values: list[str]


@dataclass(frozen=True)
class RawLedger:
    """A ledger file, opened: its header, its encoding (as Python names it, or parquet), its rows to be read once."""

    header: list[str]
    encoding: str
    rows: Iterator[RawRow]


@contextmanager
def open_ledger(path: Path) -> Generator[RawLedger]:
    """Opens a ledger by its name's ending: .csv, .csv.gz or .parquet.

    Raises:
        InputError: another ending, an empty file, not gzip or Parquet inside, cut off, or no CSV that can be split up.
    """
    try:
        if path.name.endswith(".parquet"):
            with pq.ParquetFile(path) as parquet:
                yield RawLedger(parquet.schema_arrow.names, "parquet", _parquet_rows(path, parquet))
        elif path.name.endswith((".csv", ".csv.gz")):
            encoding = _encoding(path)
            with _open_bytes(path) as source, io.TextIOWrapper(source, encoding=encoding, newline="") as text:
                header, rows = _csv(path, text)
                yield RawLedger(header, encoding.removesuffix("-sig"), rows)
        else:
            raise InputError(
                f"{path.name} is no ledger that can be read: its name must end in .csv, .csv.gz or .parquet."
            )
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} can't be read; it may be damaged or cut off: {error}.") from error
    except pa.ArrowException as error:
        raise InputError(f"{path.name} is no Parquet file that can be read: {error}.") from error
    except csv.Error as error:
        raise InputError(
            f"{path.name} can't be split into columns ({error}); is a quotation mark left open?"
        ) from error


def header_of(path: Path) -> list[str]:
    """The column names of a ledger file; raises InputError like `open_ledger`."""
    with open_ledger(path) as ledger:
        return ledger.header


def _open_bytes(path: Path) -> BinaryIO:
    with path.open("rb") as source:
        zipped = source.read(2) == GZIP_MAGIC
    if path.name.endswith(".gz") and not zipped:
        raise InputError(f"{path.name} is named .gz but isn't gzip inside: compress it, or name it .csv.")
    return cast("BinaryIO", gzip.open(path)) if zipped else path.open("rb")


def _encoding(path: Path) -> str:
    """UTF-16 with its mark, or UTF-8 if the whole file is; else cp1252 if it has signs such as €, else latin-1."""
    with _open_bytes(path) as source:
        unicode = "utf-16" if source.read(2) in _UTF16_MARKS else "utf-8-sig"
    with suppress(UnicodeDecodeError):
        deque(_blocks(path, unicode), maxlen=0)
        return unicode
    with suppress(UnicodeDecodeError):
        # Read to the end: a byte that cp1252 lacks may come late.
        if sum(_BEYOND_LATIN1.search(block) is not None for block in _blocks(path, "cp1252")):
            return "cp1252"
    return "latin-1"


def _blocks(path: Path, encoding: str) -> Iterator[str]:
    with _open_bytes(path) as source:
        text = io.TextIOWrapper(source, encoding=encoding, newline="")
        while block := text.read(_BLOCK):
            yield block


def _csv(path: Path, text: TextIO) -> tuple[list[str], Iterator[RawRow]]:
    lines = csv.reader(text)
    header = [name.strip() for name in next(lines, [])]
    if not any(header):
        raise InputError(f"{path.name} is empty: a ledger's first line names its columns.")

    def rows() -> Iterator[RawRow]:
        line = lines.line_num + 1
        for values in lines:
            yield RawRow(line, values)
            # A quoted value may run over several lines.
            line = lines.line_num + 1

    return header, rows()


def _parquet_rows(path: Path, parquet: pq.ParquetFile) -> Iterator[RawRow]:
    row = 0
    for batch in parquet.iter_batches():
        columns = [
            _as_text(path, name, column).to_pylist()
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        for values in zip(*columns, strict=True):
            row += 1
            yield RawRow(row, list(values))


def _as_text(path: Path, name: str, column: pa.Array) -> pa.Array:
    """Days as ISO dates, everything else as Arrow writes it, but no exponents; missing values as empty text."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.date32(), safe=False)
    try:
        text = column.cast(pa.string()).fill_null("")
    except pa.ArrowException:
        raise InputError(
            f"Column {name} of {path.name} holds {column.type}; expected texts, numbers or days."
        ) from None
    large = pa.types.is_floating(column.type) and "e" in "".join(text.to_pylist())
    return pa.array([_spelled_out(value) for value in text.to_pylist()]) if large else text


def _spelled_out(number: str) -> str:
    return format(Decimal(number), "f") if "e" in number else number
