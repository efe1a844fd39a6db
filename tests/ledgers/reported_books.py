"""The same for workbooks: what programs and people do to sheets."""

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from tests.ledgers.faults import Fault
from tests.ledgers.forms import Ledger
from tests.ledgers.writers import by_month, table


def _book(ledger: Ledger, folder: Path, change: Callable[[Worksheet], None], *, mac: bool = False) -> Path:
    """The ledger as a workbook with days and numbers in its cells, changed before it is saved."""
    ledger.notes, turned = "", -1 if "spending" in ledger.keys else 1
    folder.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    sheet, names = book.active, list(ledger.names)
    sheet.append([ledger.names[name] for name in names])
    for row, true in zip(ledger.rows, ledger.truth, strict=True):
        day = datetime.combine(true.day, datetime.min.time())
        cells = row | {"amount": turned * true.amount, "transaction_date": day}
        sheet.append([cells[name] for name in names])
    change(sheet)
    book.save(folder / "ledger.xlsx")
    return folder / "ledger.xlsx"


def _at(ledger: Ledger, name: str) -> int:
    return list(ledger.names).index(name) + 1


def mac_days(ledger: Ledger, folder: Path) -> Path:
    """Days are counted from 1904 (simple_xlsx_reader 14, hucre 411)."""
    return _book(ledger, folder, lambda _: None, mac=True)


def wrong_size(ledger: Ledger, folder: Path) -> Path:
    """The sheet says that it has one cell (pandas 39001, dify 1039)."""
    path = _book(ledger, folder, lambda _: None)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', part))
    return path


def formatted_rows(ledger: Ledger, folder: Path) -> Path:
    """Thousands of rows below have a format and no content (static-frame 146)."""

    def change(sheet: Worksheet) -> None:
        for number in range(sheet.max_row + 1, sheet.max_row + 3000):
            sheet.cell(number, 1).font = Font(bold=True)

    return _book(ledger, folder, change)


def merged_offices(ledger: Ledger, folder: Path) -> Path:
    """The cells of an office's rows are merged (ExcelDataReader 296)."""
    ledger.names.setdefault("office", "Directorate")
    pairs = sorted(zip(ledger.rows, ledger.truth, strict=True), key=lambda pair: pair[0]["office"])
    ledger.rows, ledger.truth = [row for row, _ in pairs], [t._replace(office=row["office"]) for row, t in pairs]
    column = _at(ledger, "office")

    def change(sheet: Worksheet) -> None:
        first = 2
        for number in range(3, sheet.max_row + 2):
            if sheet.cell(number, column).value != sheet.cell(first, column).value:
                sheet.merge_cells(start_row=first, end_row=number - 1, start_column=column, end_column=column)
                first = number

    return _book(ledger, folder, change)


def formulas(ledger: Ledger, folder: Path) -> Path:
    """One amount in eight is a formula that no program has computed yet."""

    def change(sheet: Worksheet) -> None:
        for number in range(2, sheet.max_row + 1, 8):
            sheet.cell(number, _at(ledger, "amount")).value = "=1+2"

    return _book(ledger, folder, change)


def error_cells(ledger: Ledger, folder: Path) -> Path:
    """One amount in eight is an error."""

    def change(sheet: Worksheet) -> None:
        for number in range(2, sheet.max_row + 1, 8):
            sheet.cell(number, _at(ledger, "amount")).value = "#REF!"

    return _book(ledger, folder, change)


def months_as_sheets(ledger: Ledger, folder: Path) -> Path:
    """Each month has a sheet."""
    folder.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for month, rows in by_month(ledger).items():
        sheet = book.create_sheet(f"2025-{month:02d}")
        for line in table(ledger, rows):
            sheet.append(line)
    book.save(folder / "ledger.xlsx")
    return folder / "ledger.xlsx"


def exchanged_days(ledger: Ledger, folder: Path) -> Path:
    """A program that thinks month first opened days written day first: the half it could read are days of its own."""
    ledger.keys["date_formats"] = '["%d/%m/%Y"]'

    def change(sheet: Worksheet) -> None:
        for number, true in enumerate(ledger.truth, start=2):
            day = true.day
            swapped = datetime(day.year, day.day, day.month) if day.day <= 12 else f"{day:%d/%m/%Y}"  # noqa: DTZ001
            sheet.cell(number, _at(ledger, "transaction_date")).value = swapped

    return _book(ledger, folder, change)


def cut_workbook(ledger: Ledger, folder: Path) -> Path:
    """A workbook that ends early."""
    path = _book(ledger, folder, lambda _: None)
    path.write_bytes(path.read_bytes()[:-200])
    return path


REPORTED_BOOKS: dict[str, Fault] = {
    "days from 1904": Fault(mac_days),
    "wrong size": Fault(wrong_size),
    "formatted rows": Fault(formatted_rows),
    "merged offices": Fault(merged_offices, r"filled_once"),
    "formulas": Fault(formulas, r"missing amount"),
    "error cells": Fault(error_cells, r"missing amount|amount is no number"),
    "months as sheets": Fault(months_as_sheets, r"several sheets with these columns"),
    "exchanged days": Fault(exchanged_days, r"exchanged_days"),
    "cut workbook": Fault(cut_workbook, r"cut off|damaged"),
}
