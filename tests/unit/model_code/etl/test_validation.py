import csv
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.etl.amounts import parse_amount
from model_code.etl.dates import parse_date
from model_code.etl.mapping import ColumnMapping
from model_code.etl.reading import RawRow
from model_code.etl.validation import Checked, validate
from model_code.features.fields import FIELDS

TODAY = date(2026, 7, 1)
GOOD = {
    "transaction_id": "T1",
    "agency": "Energy",
    "office": "Energy office 01",
    "card": "CARD-1",
    "merchant": "Acme  Tools",
    "mcc": "5085",
    "amount": "12.50",
    "currency": "USD",
    "transaction_date": "2026-06-30",
    "posting_date": "2026-07-01",
    "description": "TOOLS",
    "label": "0",
    "kind": "",
}
FORMATS = ("%d/%m/%Y", "%d-%b-%Y", "%B %d, %Y", "%d.%m.%y", "%Y%m%d")


def check(*rows: dict[str, str], mapping: ColumnMapping | None = None) -> Checked:
    return check_raw([RawRow(number, list(row.values())) for number, row in enumerate(rows, start=2)], mapping)


def check_raw(rows: list[RawRow], mapping: ColumnMapping | None = None) -> Checked:
    [checked] = validate(rows, list(GOOD), mapping or ColumnMapping(), today=TODAY)
    return checked


def reasons(checked: Checked) -> dict[str, int]:
    return Counter(row.reason for row in checked.quarantined)


def test_a_good_row_is_accepted_in_atolls_schema() -> None:
    accepted = check(GOOD).accepted
    assert list(accepted.columns) == ["line", *FIELDS]
    row = accepted.iloc[0]
    assert (row["merchant"], row["amount"], row["label"]) == ("ACME TOOLS", 12.5, 0)
    assert row["transaction_date"].date() == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"merchant": ""}, "missing merchant"),
        ({"amount": ""}, "missing amount"),
        ({"amount": "twelve"}, "amount is no number"),
        ({"amount": "1.2.3"}, "amount is no number"),
        ({"amount": "£12.50"}, "amount is in another currency"),
        ({"amount": "1e5"}, "amount is no number"),
        ({"amount": "2000000000"}, "amount is beyond 1,000,000,000"),
        ({"transaction_date": ""}, "missing transaction_date"),
        ({"transaction_date": "31/12/2025"}, "transaction_date is no date"),
        ({"transaction_date": "2026-02-30"}, "transaction_date is no date"),
        ({"transaction_date": "2026-07-02"}, "transaction_date is in the future"),
        ({"transaction_date": "1999-12-31"}, "transaction_date is before 2000-01-01"),
        ({"posting_date": "soon"}, "posting_date is no date"),
        ({"currency": "CAD"}, "currency is not USD"),
        ({"label": "perhaps"}, "label is neither yes nor no"),
        (dict.fromkeys(GOOD, " "), "blank row"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_reason(change: dict[str, str], reason: str) -> None:
    checked = check(GOOD, GOOD | {"transaction_id": "T2"} | change)
    assert len(checked.accepted) == 1
    assert reasons(checked) == {reason: 1}
    assert checked.quarantined[0].line == 3
    assert next(csv.reader([checked.quarantined[0].row])) == list((GOOD | {"transaction_id": "T2"} | change).values())


def test_shifted_columns_are_quarantined() -> None:
    rows = [RawRow(2, [*GOOD.values(), "extra"]), RawRow(3, list(GOOD.values())[:-1]), RawRow(4, [])]
    checked = check_raw(rows)
    assert reasons(checked) == {"wrong number of fields": 2, "blank row": 1}


def test_a_header_repeated_within_the_file_is_quarantined() -> None:
    assert reasons(check(GOOD, dict(zip(GOOD, GOOD, strict=True)))) == {"header again": 1}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", 12.5),
        ("(12.50)", -12.5),
        ("12.50-", -12.5),
        ("-12.5", -12.5),
        ("$1,234.50", 1234.5),
        ("( $1,234.50 )", -1234.5),
        ("+7", 7),
        (".5", 0.5),
        ("-(3)", None),
        ("(-3)", None),
        ("--3", None),
        ("1.2.3", None),
        ("12,50", None),
        ("$(12.34)", -12.34),
        ("$ -", 0),
        ("12.50 CR", -12.5),
        ("CR 12.50", -12.5),
        ("12.50DR", 12.5),
        ("USD 12.50", 12.5),
        ("12.50 usd", 12.5),
        ("US$1,234.50", 1234.5),
        ("\u221212.50", -12.5),
        ("12.50 -", -12.5),
        ("<12.50>", -12.5),
        ("1 234.50", 1234.5),
        ("1'234.50", 1234.5),
        ("12,34,567.00", 1234567),
        ("12.50 CR-", None),
        ("-12.50 DR", None),
        ("12 50", None),
        ("EUR 12.50", None),
        ("$", None),
        ("1e5", None),
        ("inf", None),
        ("()", None),
        ("٣", None),
    ],
)
def test_amounts_are_read_as_accountants_write_them(text: str, amount: float | None) -> None:
    assert parse_amount(text) == amount


@given(cents=st.integers(-(10**12), 10**12), style=st.sampled_from(["{}", "({})", "{}-", "$ {}", "-{}"]))
def test_every_amount_survives_being_written(cents: int, style: str) -> None:
    size = f"{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
    expected = abs(cents) / 100 * (1 if style in {"{}", "$ {}"} else -1)
    assert parse_amount(style.format(size)) == expected


@given(day=st.dates(date(2000, 1, 1), date(2068, 12, 31)), form=st.sampled_from(FORMATS))
def test_every_day_survives_every_declared_format(day: date, form: str) -> None:
    assert parse_date(day.strftime(form), (form,)) == day
    assert parse_date(day.isoformat(), FORMATS) == day
    assert parse_date(f"{day.isoformat()}T23:59:59Z") == day


def test_formats_are_tried_in_the_declared_order() -> None:
    assert parse_date("02/03/2026", ("%d/%m/%Y", "%m/%d/%Y")) == date(2026, 3, 2)
    assert parse_date("02/13/2026", ("%d/%m/%Y", "%m/%d/%Y")) == date(2026, 2, 13)


def test_real_rows_without_card_or_code_are_accepted() -> None:
    accepted = check(GOOD | {"mcc": "", "card": "", "posting_date": "", "currency": ""}).accepted
    assert accepted.loc[0, ["mcc", "card", "currency"]].tolist() == ["", "", "USD"]
    assert accepted["posting_date"].isna().all()


@pytest.mark.parametrize(
    ("text", "mcc"),
    [
        ("5812", "5812"),
        ("5812.0", "5812"),
        ("742", "0742"),
        ("5085 - Industrial supplies", "5085"),
        ("MCC5085", "5085"),
        ("05085", ""),
        ("N/A", ""),
        ("58x2", ""),
    ],
)
def test_codes_get_their_four_digits_back(text: str, mcc: str) -> None:
    assert check(GOOD | {"mcc": text}).accepted.loc[0, "mcc"] == mcc


def test_constants_fill_what_a_ledger_does_not_say() -> None:
    columns = {name: (name,) for name in GOOD if name not in {"agency", "label", "kind"}}
    mapping = ColumnMapping(columns=columns, constants={"agency": "City"})
    accepted = check(GOOD, mapping=mapping).accepted
    assert accepted.loc[0, ["agency", "label", "kind"]].tolist() == ["City", 0, ""]


texts = st.one_of(st.sampled_from(sorted(set(GOOD.values()))), st.text(max_size=8))
wild_rows = st.lists(st.one_of(st.lists(texts, max_size=15), st.fixed_dictionaries(dict.fromkeys(GOOD, texts))))


@pytest.mark.long
@given(rows=wild_rows)
def test_no_row_is_ever_lost(rows: list[list[str] | dict[str, str]]) -> None:
    raw = [RawRow(line, list(row.values() if isinstance(row, dict) else row)) for line, row in enumerate(rows, 2)]
    checked = check_raw(raw)
    assert len(checked.accepted) + len(checked.quarantined) == len(rows)
    assert sorted([*checked.accepted["line"], *(row.line for row in checked.quarantined)]) == [row.line for row in raw]


@pytest.mark.parametrize(("count", "parts"), [(0, [0]), (10, [10]), (25, [10, 10, 5])])
def test_large_ledgers_are_checked_in_parts(count: int, parts: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_code.etl.validation._CHUNK", 10)
    raw = [RawRow(number, list(GOOD.values())) for number in range(count)]
    checked = list(validate(raw, list(GOOD), ColumnMapping(), today=TODAY))
    assert [len(part.accepted) for part in checked] == parts
    assert [line for part in checked for line in part.accepted["line"]] == list(range(count))


@pytest.mark.parametrize("no", ["0", "0.0", "0,00", "False", "no", "N", "Cleared", ""])
@pytest.mark.parametrize("yes", ["1", "1.0", "1.", "TRUE", "yes", "Y", "x", "Confirmed"])
def test_a_label_in_any_usual_form_is_read(yes: str, no: str) -> None:
    mapping = ColumnMapping(label_words={"confirmed": "1", "cleared": "0"})
    assert check(GOOD | {"label": yes}, GOOD | {"label": no}, mapping=mapping).accepted["label"].tolist() == [1, 0]


def test_a_label_that_nobody_gave_keeps_its_row_and_is_counted() -> None:
    mapping = ColumnMapping(label_words={"in review": ""})
    checked = check(*(GOOD | {"label": text} for text in ("", "In review", "1")), mapping=mapping)
    assert (len(checked.accepted), checked.seen["not reviewed"].rows) == (3, 2)
