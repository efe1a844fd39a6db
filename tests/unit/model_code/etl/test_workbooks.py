"""Workbooks that openpyxl wrote are read: the sheet with the columns, days as days, numbers as they are."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from model_code.errors import InputError
from model_code.etl.mapping import ColumnMapping, Form
from model_code.etl.reading import open_ledger

COLUMNS = {"transaction_id": ("id",), "amount": ("amount",), "transaction_date": ("day",)}
HEADER = ["id", "amount", "day"]


def write(folder: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "ledger.xlsx")
    return folder / "ledger.xlsx"


def read(path: Path, form: Form | None = None) -> list[tuple[int, list[str]]]:
    mapping = ColumnMapping(columns=COLUMNS, form=form or Form())
    with open_ledger(path, mapping, declared=True) as ledger:
        assert (ledger.header, ledger.encoding) == (HEADER, "workbook")
        return [tuple(row) for row in ledger.rows]


def test_cells_become_texts_that_can_be_read_in_one_way(tmp_path: Path) -> None:
    rows = [
        [1, 12.5, date(2026, 1, 5)],
        ["A-2", 1.125, datetime(2026, 1, 5, 14, 22)],  # noqa: DTZ001 (a cell has no zone)
        [None, "1.250,00", "05/01/2026"],
        [1234567890123456789, -1e-7, None],
    ]
    assert read(write(tmp_path, {"Data": [HEADER, *rows]})) == [
        (2, ["1", "12.5", "2026-01-05"]),
        (3, ["A-2", "1.1250", "2026-01-05"]),
        (4, ["", "1.250,00", "05/01/2026"]),
        (5, ["1.23457E+18", "-0.0000001", ""]),
    ]


def test_numbers_are_written_with_the_declared_decimal_sign(tmp_path: Path) -> None:
    path = write(tmp_path, {"Data": [HEADER, [1, 12.5, None], [2, "149,97", None]]})
    assert [row[1] for _, row in read(path, Form(decimal=","))] == ["12,5", "149,97"]


def test_the_sheet_with_the_columns_is_taken_and_its_lines_are_the_spreadsheets(tmp_path: Path) -> None:
    titled = [[], ["Payments"], [], HEADER, [1, 2, "x"]]
    assert read(write(tmp_path, {"Notes": [["nothing"]], "Data": titled})) == [(5, ["1", "2", "x"])]


def test_of_several_sheets_one_must_be_declared(tmp_path: Path) -> None:
    path = write(tmp_path, {"Jan": [HEADER, [1, 2, "x"]], "Feb": [HEADER, [3, 4, "y"]]})
    with pytest.raises(InputError, match=r"several sheets with these columns \(Jan, Feb\): declare `sheet`"):
        read(path)
    assert read(path, Form(sheet="Feb")) == [(2, ["3", "4", "y"])]
    with pytest.raises(InputError, match="has no sheet named Mar"):
        read(path, Form(sheet="Mar"))


def test_a_sheet_without_the_columns_is_told_what_it_lacks_and_shows_no_row(tmp_path: Path) -> None:
    path = write(tmp_path, {"Data": [["1", "JANE Q EXAMPLE", "12.50"]]})
    with pytest.raises(InputError, match="lacks the columns id, amount, day; its first line holds numbers") as refused:
        read(path)
    assert "JANE" not in str(refused.value)


def test_a_sheet_without_a_header_is_read_by_declared_names(tmp_path: Path) -> None:
    path = write(tmp_path, {"Data": [[1, 2.5, "x"]]})
    assert read(path, Form(header_line=0, column_names=tuple(HEADER))) == [(1, ["1", "2.5", "x"])]
