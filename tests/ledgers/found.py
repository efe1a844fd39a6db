"""The findings' small inputs (beside the project, where they are), and what their page expects of each."""

import re
from pathlib import Path
from typing import NamedTuple

from model_code.errors import InputError
from model_code.etl.accepted import read_accepted

INPUTS = Path(__file__).resolve().parents[2].parent / "shared/findings/inputs"


class Case(NamedTuple):
    """An input with its mapping and what is added to that, and either the amounts to be read or the sentence."""

    file: str
    mapping: str
    added: str = ""
    amounts: tuple[float, ...] = ()
    sentence: str = ""
    set_aside: int = 0


COMMA, NEGATIVE, ADD = 'decimal = ","\n', 'spending = "negative"\n', 'lines = "add"\n'
NAMES = 'header_line = 0\ncolumn_names = ["id", "office", "merchant", "mcc", "amount", "date"]\n'
GRADE = 'own.grade = { kind = "category", known_at = "authorisation" }\n'
EXPECTED = (
    Case("tabs.csv", "base.toml", amounts=(12.5, 13.5)),
    Case("semicolons.csv", "base.toml", sentence=r"line 2: the amount `12,50` seems to have a decimal comma"),
    Case("semicolons.csv", "base.toml", COMMA, amounts=(12.5, 1250)),
    Case("decimal-comma.csv", "base.toml", sentence=r"line 2: the amount `149,97` seems to have a decimal comma"),
    Case("decimal-comma.csv", "base.toml", COMMA, amounts=(149.97, 1250, 1.25, 1250)),
    Case("header-on-line-3.csv", "base.toml", amounts=(12.5,)),
    Case("no-header.csv", "base.toml", sentence=r"it seems to be a row and no header\. Declare header_line = 0"),
    Case("no-header.csv", "base.toml", NAMES, amounts=(12.5, 12.5)),
    Case("excel-renamed.csv", "base.toml", sentence=r"is a workbook by its first bytes"),
    Case("months", "base.toml", amounts=(12.5, 12.5)),
    Case("parquet-folder", "base.toml", amounts=(12.5, 12.5)),
    Case("trailing-comma-in-header.csv", "base.toml", amounts=(12.5, 12.5)),
    Case("dates.csv", "base.toml", amounts=(12.5, 12.5, 12.5), set_aside=3),
    Case("day-first.csv", "two-date-orders.toml", sentence=r"two_date_orders: .*, line 2 \(`03/04/2026`, 2 rows\)"),
    Case("day-first.csv", "wrong-date-order.toml", sentence=r"other_date_order: .*, line 4 \(`25/04/2026`, 1 rows\)"),
    Case("mcc.csv", "base.toml", amounts=(12.5,) * 6),
    Case("line-items.csv", "base.toml", sentence=r"several_amounts: .*the id has several amounts"),
    Case("line-items.csv", "base.toml", ADD, amounts=(992.5, 10)),
    Case("line-items.csv", "base.toml", 'ids = ["id", "line"]\n', amounts=(12.5, 900, 80, 10)),
    Case("totals.csv", "base.toml", amounts=(12.5, 12.5), set_aside=3),
    Case("spending-negative.csv", "base.toml", sentence=r"mostly_negative: .*Is the sign the bank's\?"),
    Case("spending-negative.csv", "base.toml", NEGATIVE, amounts=(12.5, 99.5)),
    Case("labels-blank.csv", "labels.toml", amounts=(12.5,) * 4),
    Case("label-boolean.parquet", "labels.toml", amounts=(12.5,)),
    Case("no-id-no-mcc.csv", "no-id-no-mcc.toml", sentence=r'A ledger without ids gets them by ids = "digest"'),
    Case("no-id-no-mcc.csv", "no-id-no-mcc.toml", 'ids = "digest"\n', amounts=(12.5, 80)),
    Case("no-id-no-mcc.csv", "constant-id.toml", sentence=r"one_id: .*every row has the same id"),
    Case("own-column.csv", "own-column.toml", sentence=r"such as \[own\.grade\] with kind = "),
    Case("own-column.csv", "own-column.toml", GRADE, amounts=(12.5,)),
    Case("forecast-steady.csv", "", amounts=tuple(100.5 + n // 2 for n in range(80))),
    Case("forecast-one-early-row.csv", "", sentence=r"far_dates: .*1 rows of 2021-06-01 lie 180 days or more"),
)


def outcome(case: Case, folder: Path) -> str | None:
    """What is wrong with what came of an input; None if it is as expected."""
    mapping = None
    if case.mapping:
        mapping = folder / "columns.toml"
        mapping.write_text(case.added + (INPUTS / case.mapping).read_text(encoding="utf-8"))
    try:
        rows, set_aside = read_accepted(INPUTS / case.file, mapping)
    except InputError as error:
        said = str(error)
        matches = case.sentence and re.search(case.sentence, said)
        return None if matches else f"it said: {said}; expected: {case.sentence or case.amounts}"
    found = (tuple(rows["amount"]), sum(set_aside.values()))
    expected = (case.amounts, case.set_aside)
    return None if not case.sentence and found == expected else f"read {found}; expected {case.sentence or expected}"
