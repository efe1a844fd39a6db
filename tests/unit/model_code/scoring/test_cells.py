"""No cell of what people open begins like a formula, whatever strangers wrote into a ledger."""

import csv
import re
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.scoring.cells import FORMULAS, cell
from model_code.scoring.results import write_csv
from model_code.scoring.workbook import write_workbook

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0", "{=1}", "ACME"]


@given(st.one_of(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.none()))
def test_no_cell_begins_like_a_formula(value: object) -> None:
    assert not cell(value).startswith(FORMULAS)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_each_sign_that_begins_a_formula_is_kept_behind_an_apostrophe(sign: str) -> None:
    assert cell(f"{sign}1") == f"'{sign}1"


def test_an_amount_below_zero_stands_in_brackets_as_book_keepers_write_it() -> None:
    assert cell(-12.5) == "(12.5)"
    assert cell(12.5) == "12.5"


def test_a_file_of_formulas_becomes_a_csv_of_texts(tmp_path: Path) -> None:
    write_csv(tmp_path / "scores.csv", pa.table({"=name": EVIL, "amount": [-1.5] * len(EVIL)}))
    with (tmp_path / "scores.csv").open(encoding="utf-8-sig", newline="") as source:
        cells = [value for row in csv.reader(source) for value in row]
    assert len(cells) == 2 * (len(EVIL) + 1)
    assert not [value for value in cells if value.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_workbook_holds_texts_and_numbers_and_no_formula(tmp_path: Path) -> None:
    table = pa.table({"=name": EVIL, "amount": [-1.5] * len(EVIL), "day": [date(2026, 1, 31)] * len(EVIL)})
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(tmp_path / name, table, {"budget": 0.01, "=x": "=y"})
    with zipfile.ZipFile(tmp_path / "one.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    texts = [text for sheet in sheets for text in re.findall(r"<t[^>]*>([^<]*)</t>", sheet)]
    assert "'=1+1" in texts
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]
    assert not any("<f>" in sheet for sheet in sheets)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
