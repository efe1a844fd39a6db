"""What the data report's page says of the counts that it is given."""

import re
from copy import deepcopy
from typing import Any

import pytest

from model_code.etl.page import MOST_FILES, page

REPORT: dict[str, Any] = {
    "version": 1,
    "name": "ledger.csv",
    "currency": "CAD",
    "refused": None,
    "rows": {
        "read": 1_010,
        "accepted": 1_004,
        "used": 1_000,
        "purchases": 990,
        "lines_added": 10,
        "refunds": 3,
        "zeros": 0,
    },
    "amounts": {
        "spent": 123_456.78,
        "median": 80.5,
        "largest": 9_000.0,
        "sizes": [
            {"power": None, "rows": 3, "spent": -40.0},
            {"power": -1, "rows": 7, "spent": 2.0},
            {"power": 2, "rows": 990, "spent": 123_494.78},
        ],
    },
    "days": {"first": "2024-11-03", "last": "2025-02-20", "weekdays": [200, 200, 200, 200, 198, 2, 0], "gaps": []},
    "files": [{"name": "ledger.csv", "read": 1_010, "accepted": 1_004, "encoding": "utf-8"}],
    "months": [
        {"file": 0, "month": "2024-11", "rows": 400, "spent": 60_000.0},
        {"file": 0, "month": "2024-12", "rows": 204, "spent": 3_456.78},
        {"file": 0, "month": "2025-02", "rows": 400, "spent": 60_000.0},
    ],
    "set_aside": [
        {
            "reason": "amount is no number",
            "rows": 6,
            "purchases": True,
            "examples": [
                {"file": "ledger.csv", "line": 12, "text": "xxx"},
                {"file": "ledger.csv", "line": 9, "text": ""},
            ],
        },
        {
            "reason": "blank row",
            "rows": 2,
            "purchases": False,
            "examples": [{"file": "ledger.csv", "line": 77, "text": None}],
        },
    ],
    "fields": [
        {"field": "office", "rows": 1_000, "different": 3},
        {"field": "card", "rows": 0, "different": 0},
        {"field": "merchant", "rows": 1_000, "different": 1_234},
        {"field": "mcc", "rows": 999, "different": 41},
    ],
    "codes": [{"code": "5411", "rows": 600, "spent": 5_000.0}],
    "duplicates": {"repeated_ids": 4, "ids_of_several_amounts": 2, "alike": 17, "groups_alike": 8},
    "warnings": [],
}
WARNING = {"kind": "missing_month", "meaning": "A month has no row.", "sentence": "January 2025 has no row."}


def told(**changes: object) -> str:
    """The page's texts, its marks taken away: one space between any two."""
    text = re.sub(r"<style>.*?</style>", " ", page(deepcopy(REPORT) | changes), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_the_first_line_says_whether_the_ledger_is_used() -> None:
    assert "Can be used. No warning." in told()
    acknowledged = [WARNING | {"acknowledged": True}]
    assert "Can be used. 1 warning, looked at by people and acknowledged" in told(warnings=acknowledged)
    assert "Can be used. 2 warnings, looked at" in told(warnings=2 * acknowledged)
    said = told(warnings=[WARNING | {"acknowledged": False}], refused="ledger.csv can't be used as it is.")
    assert "Not used. ledger.csv can&#x27;t be used as it is." in said
    assert "Can be used" not in said


@pytest.mark.parametrize(("acknowledged", "mark"), [(True, "acknowledged"), (False, "open")])
def test_a_warning_stands_there_with_whether_people_looked_at_it(mark: str, *, acknowledged: bool) -> None:
    said = told(warnings=[WARNING | {"acknowledged": acknowledged}])
    assert f"missing month {mark} January 2025 has no row." in said


def test_what_was_set_aside_is_what_was_read_and_not_used() -> None:
    said = told()
    assert "rows read 1,010 purchases 990 set aside 10 (1.0 %)" in said
    assert "amount is no number 6 ledger.csv, line 12: xxx; ledger.csv, line 9: blank" in said
    assert "blank row (no purchase) 2 ledger.csv, line 77" in said
    assert "Nothing: every row is used." in told(set_aside=[])


def months(*counted: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"file": 0, "month": month, "rows": rows, "spent": 1.0} for month, rows in counted]


LONG = months(("2023-11", 100), *[(f"2024-{month:02}", 50) for month in range(1, 13)], ("2025-02", 400))


def test_a_month_without_rows_is_a_column_of_its_own_and_named() -> None:
    text = page(REPORT | {"months": LONG})
    columns = re.findall(r'<div class="(some|none)" title="([^"]+)"><i style="height:([0-9.]+)%">', text)
    assert columns[:3] == [
        ("some", "2023-11: 100 rows", "25.0"),
        ("none", "2023-12: 0 rows", "0.0"),
        ("some", "2024-01: 50 rows", "12.5"),
    ]
    assert (len(columns), columns[-1]) == (16, ("some", "2025-02: 400 rows", "100.0"))
    assert "The highest column has 400 rows. No row at all in 2023-12, 2025-01." in told(months=LONG)
    assert "Rows by month" not in told(months=[])


def test_few_months_are_lines_with_their_names() -> None:
    assert "Rows by month month rows 2024-11 400 2024-12 204 2025-01 0 2025-02 400 No row at all in 2025-01." in told()
    assert "2024-11 400 2024-12 204 Every month has rows." in told(months=REPORT["months"][:2])
    assert 'class="columns"' not in page(REPORT)


def test_years_are_as_wide_as_their_months() -> None:
    widths = re.findall(r'<span style="flex:(\d+)">(\d{4})</span>', page(REPORT | {"months": LONG}))
    assert widths == [("2", "2023"), ("12", "2024"), ("2", "2025")]


@pytest.mark.parametrize(("files", "beside"), [(1, False), (2, True), (MOST_FILES, True), (MOST_FILES + 1, False)])
def test_files_stand_beside_each_other_while_they_are_few(files: int, *, beside: bool) -> None:
    several = [REPORT["files"][0] | {"name": f"file-{number}.csv"} for number in range(files)]
    months = [{"file": number, "month": "2024-11", "rows": 7 + number, "spent": 1.0} for number in range(files)]
    said = told(files=several, months=months)
    assert ("Rows by month and file" in said) == beside
    assert all(f"file-{number}.csv 2024-11 1,010" in said for number in range(files))
    if beside:
        assert f"2024-11 {' '.join(str(7 + number) for number in range(files))}" in said


def test_amounts_stand_by_their_size_in_the_ledgers_currency() -> None:
    said = told()
    assert "Amounts, CAD" in said
    assert "below 0 3 -40" in said
    assert "below 1 7 2" in said
    assert "100 to 1,000 990 123,495" in said
    assert "The largest is 9,000.00." in said


def test_a_share_near_nothing_or_everything_is_never_rounded_to_it() -> None:
    said = told()
    assert "office 100 % 3" in said
    assert "category code 99.9 % 41" in said


def test_what_a_ledger_lacks_is_said_once_and_counted_nowhere() -> None:
    said = told()
    assert "Nothing in any row: card." in said
    assert "card 0 %" not in said
    assert "offices 3" in said
    assert "cards" not in said
    fields = [each | {"rows": 5, "different": 2} for each in REPORT["fields"]]
    assert "Nothing in any row" not in told(fields=fields)
    assert "cards 2" in told(fields=fields)


def test_gaps_and_repeats_are_told() -> None:
    assert "No run of days without a row that is longer than a long weekend." in told()
    gap = {"after": "2024-12-20", "before": "2025-02-01", "days": 42}
    said = told(days=REPORT["days"] | {"gaps": [gap]})
    assert "2024-12-20 2025-02-01 42" in said
    assert "rows whose id came before 4 ids with several amounts 2" in said
    assert "office and card 17" in said


def test_a_ledger_without_codes_has_no_table_of_them() -> None:
    assert "Category codes, the most frequent" in told()
    assert "Category codes, the most frequent" not in told(codes=[])
