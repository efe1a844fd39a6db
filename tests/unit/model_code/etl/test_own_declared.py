"""Own columns and features are taken as declared, or refused with the place, the value and what was expected."""

import json
from pathlib import Path

import pytest

from model_code.container import etl
from model_code.errors import InputError
from model_code.etl.accepted import read_accepted
from model_code.etl.decisions import decisions
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.features.views import REALTIME, meanings
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.own_ledgers import FEATURES, MAPPING, with_own_columns

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
OWN = 'currency = "USD"\n[own.grade]\nkind = "category"\nknown_at = "authorisation"\n'
OWN += '[own.hours]\nkind = "number"\nknown_at = "authorisation"\n[own.booked]\nkind = "number"\nknown_at = "booking"\n'


def read(folder: Path, text: str) -> ColumnMapping:
    (folder / "columns.toml").write_text(text)
    return read_mapping(folder / "columns.toml")


def test_what_is_declared_stands_among_the_decisions_and_the_meanings(tmp_path: Path) -> None:
    mapping = read(tmp_path, MAPPING)
    said, told = decisions(mapping, REALTIME), meanings(REALTIME.with_own(mapping.own))
    assert said["own column booked"] == "number, known at booking"
    assert said["own feature grade_largest"] == "above_largest, of amount, by grade and office, 365 days, odd if high"
    assert {name for name in said if name.startswith("own feature ")} == {f"own feature {name}" for name in FEATURES}
    assert told["grade_in_office"]["meaning"] == (
        "share with the same grade of the purchases of the office in the 700 days before (5 %: that much or more)"
    )
    assert told["note_of_grade"]["meaning"].endswith("in the 300 days before")
    assert told["after_the_end"]["meaning"] == "days from ends to the purchase"
    assert (told["grade_in_office"]["odd"], "odd" in told["grade_number"]) == ("low", False)


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ('[own.office]\nkind = "text"\nknown_at = "booking"', r"\[own.office\]: has a name that Atoll uses itself"),
        ('[own.Grade]\nkind = "text"\nknown_at = "booking"', r"\[own.Grade\]: is no name; expected small letters"),
        (
            '[own.x]\nkind = "words"\nknown_at = "booking"',
            r"kind = 'words'; expected one of number, category, text, da",
        ),
        ('[own.x]\nkind = "text"', r"known_at = None; expected one of authorisation, posting, booking, review: when"),
        ('[own.x]\nkind = "text"\nknown_at = "booking"\nunit = "h"', r"has unknown keys unit; known: kind, known_at"),
        ('[features.x]\nwhat = "mean"', r"\[features.x\]: what = 'mean'; expected one of value, words, number"),
        ('[features.weekend]\nwhat = "value"\nof = "hours"', r"\[features.weekend\]: has a name that Atoll uses"),
        (
            '[features.x]\nwhat = "value"\nof = "grade"',
            r"of = 'grade'; expected a column of the kind number or date \(h",
        ),
        (
            '[features.x]\nwhat = "share"\nof = "pay"',
            r"of = 'pay'; expected a column of the kind category or text \(gr",
        ),
        ('[features.x]\nwhat = "number"\nof = "hours"\nby = "card"\ndays = 3', r"of = 'hours'; expected no of"),
        (
            '[features.x]\nwhat = "sum"\nof = "booked"\nby = "card"\ndays = 3',
            r"needs booked, known at booking\. A purch",
        ),
        ('[features.x]\nwhat = "sum"\nof = "hours"\ndays = 3', r"what = 'sum' and by = \[\]; expected one"),
        (
            '[features.x]\nwhat = "sum"\nof = "hours"\nby = "hours"\ndays = 3',
            r"by = 'hours'; expected fields or own cat",
        ),
        ('[features.x]\nwhat = "value"\nof = "hours"\nby = "card"', r"by = \['card'\]; it takes none"),
        ('[features.x]\nwhat = "sum"\nof = "hours"\nby = "card"', r"days = 0; expected a whole number from 1 to 1095"),
        ('[features.x]\nwhat = "sum"\nof = "hours"\nby = "card"\ndays = 2000', r"days = 2000; expected a whole number"),
        ('[features.x]\nwhat = "words"\nof = "grade"', r"words = \[\]; expected a list of words"),
        ('[features.x]\nwhat = "value"\nof = "hours"\nodd = "both"', r"odd = 'both'; expected high, low, neither"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused_with_what_was_expected(
    added: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, f"{OWN}{added}\n")


def test_a_group_that_the_ledger_lacks_is_refused(tmp_path: Path) -> None:
    columns = '[columns]\nmerchant = "m"\namount = "a"\ntransaction_date = "d"\ntransaction_id = "i"\n'
    with pytest.raises(InputError, match=r"by = 'card', and no column of the ledger is card: declare it in \[columns"):
        read(tmp_path, f'{OWN}{columns}[features.x]\nwhat = "sum"\nof = "hours"\nby = "card"\ndays = 3\n')


def test_a_column_without_a_declaration_is_refused_with_the_declaration_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown fields: pay\. Known: .* such as \[own\.pay\] with kind = "):
        read(tmp_path, f'{OWN}[columns]\npay = "Pay"\n')


def test_a_value_that_cannot_be_read_is_set_aside_by_name_and_a_blank_costs_nothing(tmp_path: Path) -> None:
    made = with_own_columns(generate(500, seed=3))
    made.loc[3, "hours"], made.loc[4, "ends"], made.loc[5, "hours"] = "forty", "31/31/2026", "2000000000"
    made.loc[6, ["grade", "hours", "ends", "note"]] = ""
    (tmp_path / "ledger.csv").write_bytes(to_csv(made))
    read(tmp_path, MAPPING)
    rows, set_aside = read_accepted(tmp_path / "ledger.csv", tmp_path / "columns.toml")
    assert set_aside == {"hours is no number": 1, "ends is no date": 1, "hours is beyond 1,000,000,000": 1}
    assert made.loc[6, "transaction_id"] in set(rows["transaction_id"])


def test_lines_that_differ_in_an_own_column_alone_are_no_repeats(tmp_path: Path) -> None:
    made = with_own_columns(generate(500, seed=3))
    again = made.assign(grade="GS-99")
    for name, part in (("a.csv", made), ("b.csv", again)):
        (tmp_path / "months").mkdir(exist_ok=True)
        (tmp_path / "months" / name).write_bytes(to_csv(part.head(40)))
    acknowledged = '[[acknowledged]]\nwarning = "block_twice"\nfrom = 2025-01-01\nto = 2026-12-31\nwhy = "a test"\n'
    read(tmp_path, f'lines = "add"\n{MAPPING}\n{acknowledged}')
    rows, set_aside = read_accepted(tmp_path / "months", tmp_path / "columns.toml")
    assert (len(rows), set_aside) == (40, {})
    assert rows["amount"].sum() == pytest.approx(2 * made["amount"].head(40).sum())


def test_the_data_report_counts_own_columns_by_their_names(tmp_path: Path) -> None:
    made = with_own_columns(generate(2000, seed=3)).drop(columns=["label", "kind"])
    for folder, name, content in (
        ("ledger", "ledger.csv", to_csv(made)),
        ("mapping", "columns.toml", MAPPING.encode()),
    ):
        (tmp_path / "processing/input" / folder).mkdir(parents=True)
        (tmp_path / "processing/input" / folder / name).write_bytes(content)
    etl.main([], tmp_path)
    report = json.loads((tmp_path / "processing/output/quarantine/data-report.json").read_bytes())
    fields = {each["field"]: each for each in report["fields"]}
    assert fields["grade"] == {"field": "grade", "rows": int((made["grade"] != "").sum()), "different": 5}
    assert fields["hours"]["rows"] == int((made["hours"] != "").sum())
    manifest = json.loads((tmp_path / "processing/output/features/manifest.json").read_bytes())
    assert manifest["columns"][-len(FEATURES) :] == list(FEATURES)
