"""Workbooks of spreadsheets (.xlsx, .xlsm, .xlsb, .xls, .ods), by calamine: days as ISO dates, numbers as text."""

import io
import re
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from model_code.errors import InputError
from model_code.etl.parquet_files import number_text
from model_code.etl.raw import HEADER_WITHIN, RawLedger, RawRow, Wanted, fitted, trimmed

_TAB = re.compile(rb"<text:tab\b[^>]*/>")
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
        if path.suffix.lower() == ".ods" and (mended := _with_tabs(path)):
            return CalamineWorkbook.from_filelike(mended)
        return CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise InputError(
            f"{name} is a workbook by its first bytes, but can't be read as one ({error}): is it cut off, or "
            "locked by a password? Save it anew, or export it as CSV."
        ) from error


def _with_tabs(path: Path) -> io.BytesIO | None:
    """An .ods whose cells hold tabs with spaces in their place: python-calamine 0.9 joins the words beside them."""
    try:
        with zipfile.ZipFile(path) as book:
            content = book.read("content.xml")
            if b"<text:tab" not in content:
                return None
            mended = io.BytesIO()
            with zipfile.ZipFile(mended, "w") as copy:
                for name in book.namelist():
                    copy.writestr(name, _TAB.sub(b" ", content) if name == "content.xml" else book.read(name))
            mended.seek(0)
            return mended
    except (KeyError, zipfile.BadZipFile):
        return None  # what is wrong with it, calamine says


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
    """The rows below the header; cells that are merged downwards all have the value of the first."""
    merged = _merged(sheet, header)
    above: dict[int, str] = {}
    for line, row in enumerate(sheet.iter_rows(), start=1):
        if line <= header:
            continue
        values = [_text(cell, wanted) for cell in row]
        for place, first in merged.get(line, {}).items():
            if first:
                above[place] = values[place]
            values[place] = above[place]
        yield RawRow(line, fitted(values, width))


def _merged(sheet: CalamineSheet, header: int) -> dict[int, dict[int, bool]]:
    """By line, the places whose cells are merged with others below or above, and whether it is the first of them."""
    found: dict[int, dict[int, bool]] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top < bottom and top >= header and left == right:
            for line in range(top + 1, bottom + 2):
                found.setdefault(line, {})[left] = line == top + 1
    return found


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
