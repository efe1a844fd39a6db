"""Lines that were never meant as purchases are told from purchases that lack something."""

import pytest

from model_code.etl.mapping import ColumnMapping
from model_code.etl.shapes import AGAIN, BLANK, NO_PURCHASES, REMARK, SHIFTED, Shape

HEADER = ["No", "Unit", "Supplier", "Amount", "Day"]
COLUMNS = {
    "transaction_id": ("No",),
    "office": ("Unit",),
    "merchant": ("Supplier",),
    "amount": ("Amount",),
    "transaction_date": ("Day",),
}
SHAPE = Shape(HEADER, ColumnMapping(columns=COLUMNS), "a.csv")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1|Roads|ACME|5|2026-01-05", None),
        ("1|Roads||5|2026-01-05", None),  # a purchase without a payee: its reason is told by the schema
        ("1|Roads|ACME|5|", None),
        ("1|Roads|TOTAL ENERGIES|5|2026-01-05", None),
        ("||||", BLANK),
        (" | || |", BLANK),
        ("Total|||25|", REMARK),
        ("|Sub-total Roads||25|", REMARK),
        ("Grand total|2 rows||25|31/01/2026", REMARK),
        ("||Total|25|31/01/2026", REMARK),
        ("|Summe||25|31/01/2026", REMARK),
        ("|Roads||25|", REMARK),
        ("Printed by J. Example||||", REMARK),
        ("Printed by J. Example", REMARK),
        ("no|UNIT|supplier| Amount |day", AGAIN),
        ("1|Roads|ACME|5", SHIFTED),
        ("1|Roads|ACME|5|2026-01-05|extra", SHIFTED),
    ],
)
def test_each_line_is_what_it_is(row: str, reason: str | None) -> None:
    assert SHAPE.misfit(row.split("|")) == reason


def test_no_purchases_are_the_lines_that_do_not_count_toward_the_share() -> None:
    assert set(NO_PURCHASES) == {BLANK, REMARK, AGAIN}


@pytest.mark.parametrize(
    ("ids", "made"),
    [
        ("number", ["a.csv:2", "a.csv:3"]),
        (("No", "Unit"), ["1/Roads", ""]),
        (("No",), ["1", ""]),
        ("digest", ["", ""]),
    ],
)
def test_ids_come_from_where_the_mapping_says(ids: str | tuple[str, ...], made: list[str]) -> None:
    shape = Shape(HEADER, ColumnMapping(columns=COLUMNS, ids=ids), "a.csv")
    rows = [[" 1 ", "Roads", "ACME", "5", "2026-01-05"], ["", " ", "ACME", "5", "2026-01-05"]]
    assert shape.ids([2, 3], rows) == made


def test_columns_are_found_by_any_of_their_names_whatever_their_capitals_and_spaces() -> None:
    mapping = ColumnMapping(columns={"merchant": ("Vendor", "SUPPLIER"), "amount": ("Net  amount",)})
    assert mapping.places(["net Amount", "Supplier"]) == {"merchant": 1, "amount": 0}
    assert mapping.places(["Vendor", "Supplier"]) == {"merchant": 0}
    assert mapping.missing(["Vendor"], declared=True) == ["Net  amount"]
    assert mapping.missing(["Net amount"], declared=True) == ["Vendor or SUPPLIER"]
