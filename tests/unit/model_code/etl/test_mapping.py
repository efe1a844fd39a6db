from datetime import date
from pathlib import Path

import pytest

from model_code.errors import InputError
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import known_mapping, read_mapping
from model_code.features.fields import FIELDS
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold, threshold_on

MAPPINGS = Path(__file__).resolve().parents[3] / "mappings"
TORONTO = [
    "division",
    "batch_txn_id",
    "txn_date",
    "post_date",
    "merchant",
    "amount",
    "gl",
    "gl_desc",
    "cost_centre",
    "mcc",
    "mcc_desc",
    "purpose",
]
HEAD = 'currency = "USD"\n'
HEAD = 'currency = "USD"\n'
MINIMAL = """
[columns]
transaction_id = "id"
office = "unit"
merchant = "shop"
mcc = "code"
amount = "total"
transaction_date = "day"
"""


def write(folder: Path, text: str, name: str = "columns.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_declared_columns_currency_dates_and_thresholds_are_read(tmp_path: Path) -> None:
    head = 'currency = "eur"\ndate_formats = ["%d.%m.%Y"]\n'
    tail = '[constants]\nagency = "Rome"\n[[thresholds]]\neffective = 2020-01-01\namount = 5000\n'
    mapping = read_mapping(write(tmp_path, head + MINIMAL + tail))
    assert mapping.columns["merchant"] == ("shop",)
    assert mapping.constants == {"agency": "Rome"}
    assert (mapping.currency, mapping.date_formats) == ("EUR", ("%d.%m.%Y",))
    assert mapping.thresholds == (Threshold(date(2020, 1, 1), 5000.0),)


def test_what_is_not_declared_is_federal(tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, HEAD + MINIMAL))
    assert (mapping.currency, mapping.thresholds) == ("USD", FAR_MICRO_PURCHASE)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("columns = [", "can't be read"),
        (HEAD + MINIMAL.replace("merchant", "vendor"), "unknown fields: vendor"),
        ("colour = 1\n" + MINIMAL, "unknown keys: colour"),
        (HEAD + MINIMAL.replace('merchant = "shop"', ""), "doesn't say where merchant"),
        (HEAD + MINIMAL.replace('transaction_id = "id"', ""), 'gets them by ids = "digest"'),
        (MINIMAL, "doesn't say in which currency"),
        (HEAD + MINIMAL.replace('"code"', "3"), "must name a column"),
        (HEAD + MINIMAL + "[[thresholds]]\namount = 5\n", "needs effective"),
        (HEAD + MINIMAL + '[[thresholds]]\neffective = "soon"\namount = 5\n', "a date like"),
        (HEAD + MINIMAL + "[[thresholds]]\neffective = 2020-01-01\namount = -5\n", "a positive amount"),
        (HEAD + "thresholds = []\n" + MINIMAL, "a positive amount"),
        ('columns = ["merchant"]', "a table like"),
        ("constants = 5\n" + MINIMAL, "a table like"),
        ("thresholds = 3000\n" + MINIMAL, "tables like"),
        ("currency = 5\n" + MINIMAL, "a code of three letters"),
        ('currency = "dollars"\n' + MINIMAL, "a code of three letters"),
        ('date_formats = "%d/%m/%Y"\n' + MINIMAL, "a list of formats"),
        (HEAD + 'decimal = "x"\n' + MINIMAL, '"." or ","'),
        (HEAD + 'spending = "x"\n' + MINIMAL, '"positive" or "negative"'),
        (HEAD + 'ids = "x"\n' + MINIMAL, '"digest", "number" or a list'),
        (HEAD + "header_line = 0\n" + MINIMAL, "needs column_names"),
        (HEAD + "header_line = true\n" + MINIMAL, "a whole number"),
        (HEAD + 'encoding = "klingon"\n' + MINIMAL, "an encoding that Python knows"),
        (HEAD + "fiscal_year_starts = 13\n" + MINIMAL, "a month from 1 to 12"),
        (HEAD + MINIMAL + "[limits]\nall = 5\n", "a share from 0 to 1"),
        (HEAD + MINIMAL + '[[rates]]\ncurrency = "EUR"\nrate = 1.1\n', "needs currency, effective"),
        (HEAD + MINIMAL + '[[acknowledged]]\nwarning = "one_id"\nwhy = "x"\n', "either file"),
        ("date_formats = [1]\n" + MINIMAL, "a list of formats"),
    ],
)
def test_a_wrong_mapping_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        read_mapping(write(tmp_path, text))
    assert "columns.toml" in str(refused.value)


def test_the_toronto_files_find_their_mapping_by_themselves() -> None:
    found = known_mapping(TORONTO, MAPPINGS)
    assert found == MAPPINGS / "toronto.toml"
    assert read_mapping(found).thresholds == (Threshold(date(1900, 1, 1), 3000.0),)


def test_atolls_own_schema_needs_no_mapping() -> None:
    assert known_mapping(list(FIELDS), MAPPINGS) is None
    assert ColumnMapping().missing(list(FIELDS), declared=True) == []


def test_a_ledger_that_no_mapping_fits_is_told_what_each_one_misses() -> None:
    header = [name for name in TORONTO if name != "txn_date"]
    with pytest.raises(InputError, match=r"toronto\.toml misses txn_date"):
        known_mapping(header, MAPPINGS)


def test_a_ledger_that_two_mappings_fit_is_refused(tmp_path: Path) -> None:
    write(tmp_path, HEAD + MINIMAL, "one.toml")
    write(tmp_path, HEAD + MINIMAL, "two.toml")
    with pytest.raises(InputError, match=r"More than one mapping fits this ledger: one\.toml, two\.toml"):
        known_mapping(["id", "unit", "shop", "code", "total", "day"], tmp_path)


@pytest.mark.parametrize(
    ("day", "amount"),
    [(date(1899, 1, 1), 10_000), (date(2025, 9, 30), 10_000), (date(2025, 10, 1), 15_000), (date(2030, 1, 1), 15_000)],
)
def test_the_federal_threshold_rose_on_1_october_2025(day: date, amount: float) -> None:
    assert threshold_on(day) == amount
