"""Workbooks of spreadsheets (.xlsx, .xlsm, .xlsb, .xls, .ods), by calamine: days as ISO dates, numbers as text."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from model_code.errors import InputError
from model_code.etl.parquet_files import number_text
from model_code.etl.raw import HEADER_WITHIN, RawLedger, RawRow, Wanted, fitted, trimmed

_EXACT = 1e15
"""Whole numbers up to here are exact in a spreadsheet."""


@contextmanager
def open_workbook(path: Path, wanted: Wanted) -> Generator[RawLedger]:
    """Open the one sheet of a workbook that has the columns, or the one that the mapping names.

    Raises:
        InputError: it can't be read, or no sheet or several sheets have the columns.
    """
    with _book(path, wanted.name) as book:
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        chosen = [sheet for sheet in sheets if wanted.form.sheet in (None, sheet.name)]
        heads = [(sheet, *head) for sheet in chosen if (head := _head(sheet, wanted))]
        if len(heads) != 1:
            raise _refusal(chosen, heads, wanted)
        sheet, number, header = heads[0]
        yield RawLedger(header, "workbook", _rows(sheet, number, len(header), wanted))


def first_rows(path: Path) -> list[tuple[str, list[list[str]]]]:
    """Of each sheet its name and its first rows.

    Raises:
        InputError: it is no workbook that can be read.
    """
    wanted = Wanted(path.name, None, declared=False, folders={})
    with _book(path, path.name) as book:
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        return [(sheet.name, list(_first(sheet, wanted))) for sheet in sheets]


def _book(path: Path, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise InputError(
            f"{name} is a workbook by its first bytes, but can't be read as one ({error}): is it cut off, or "
            "locked by a password? Save it anew, or export it as CSV."
        ) from error


def _refusal(
    chosen: list[CalamineSheet], heads: list[tuple[CalamineSheet, int, list[str]]], wanted: Wanted
) -> InputError:
    if not chosen:
        return InputError(
            f"{wanted.name} has no sheet named {wanted.form.sheet}; correct `sheet` in the column mapping."
        )
    if not heads:
        widest = max((trimmed(row) for sheet in chosen for row in _first(sheet, wanted)), key=len, default=[])
        return wanted.refuse(widest)
    names = ", ".join(sheet.name for sheet, _, _ in heads)
    return InputError(
        f"{wanted.name} has several sheets with these columns ({names}): declare `sheet` in the column mapping."
    )


def _head(sheet: CalamineSheet, wanted: Wanted) -> tuple[int, list[str]] | None:
    """How many rows end with the header, and its names."""
    if wanted.form.column_names:
        return 0, list(wanted.form.column_names)
    for number, row in enumerate(_first(sheet, wanted), start=1):
        if wanted.fits(trimmed(row)) and wanted.form.header_line in (None, number):
            return number, trimmed(row)
    return None


def _first(sheet: CalamineSheet, wanted: Wanted) -> Iterator[list[str]]:
    return ([_text(cell, wanted) for cell in row] for row in islice(sheet.iter_rows(), HEADER_WITHIN))


def _rows(sheet: CalamineSheet, header: int, width: int, wanted: Wanted) -> Iterator[RawRow]:
    for line, row in enumerate(sheet.iter_rows(), start=1):
        if line > header:
            yield RawRow(line, fitted([_text(cell, wanted) for cell in row], width))


def _text(cell: object, wanted: Wanted) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return str(cell)
    if float(cell).is_integer():
        return f"{cell:.0f}" if abs(cell) < _EXACT else f"{cell:.5E}"
    text = number_text(repr(float(cell)))
    return text.replace(".", ",") if wanted.form.decimal == "," else text
