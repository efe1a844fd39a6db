"""Raw rows out of any file of a ledger: text, with line numbers. Nothing is judged here but the file itself."""

import csv
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from model_code.errors import InputError
from model_code.etl.files import ENDINGS, Kind, kind_of
from model_code.etl.mapping import ColumnMapping
from model_code.etl.parquet_files import open_parquet
from model_code.etl.raw import RawLedger, RawRow, Wanted, with_folders
from model_code.etl.text_files import open_text
from model_code.etl.workbooks import open_workbook

__all__ = ["RawLedger", "RawRow", "header_of", "open_ledger"]

_OPENERS = {Kind.TEXT: open_text, Kind.PARQUET: open_parquet, Kind.BOOK: open_workbook}


@contextmanager
def open_ledger(
    path: Path,
    mapping: ColumnMapping | None = None,
    *,
    declared: bool = False,
    name: str = "",
    folders: Mapping[str, str] | None = None,
) -> Generator[RawLedger]:
    """Opens a file of a ledger, whatever it is inside; its header is where the mapping's columns stand.

    Without a mapping the first line that isn't blank names the columns. `name`: what messages call the file;
    `folders`: columns that its folders' names give (`year=2025`), where it has none of that name.

    Raises:
        InputError: another ending, an empty file, another format than it says, cut off, or no text that can be split.
    """
    called = name or path.name
    if not path.name.lower().endswith(ENDINGS):
        raise InputError(f"{called} is no ledger that can be read: its name must end in {', '.join(ENDINGS)}.")
    wanted = Wanted(called, mapping, declared=declared, folders=folders or {})
    try:
        kind = kind_of(path)
        if path.name.lower().endswith(".parquet"):
            kind = Kind.PARQUET
        if kind is Kind.ARCHIVE:
            raise InputError(f"{called} is an archive: hand in what it holds, or the archive as the ledger.")
        with _OPENERS[kind](path, wanted) as ledger:
            yield with_folders(ledger, wanted)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{called} can't be read; it may be damaged or cut off: {error}.") from error
    except pa.ArrowException as error:
        raise InputError(f"{called} is no Parquet file that can be read: {error}.") from error
    except csv.Error as error:
        raise InputError(f"{called} can't be split into columns ({error}); is a quotation mark left open?") from error


def header_of(path: Path) -> list[str]:
    """The column names of a ledger's file, by its first line; raises InputError like `open_ledger`."""
    with open_ledger(path) as ledger:
        return ledger.header
