from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.etl.amounts import SIGNS, Decimal, decimal_mark, foreign_mark, parse_amount
from model_code.etl.dates import SERIAL, parse_date, readings, swapped

GROUPS = {".": [",", " ", "'", "\u00a0", "\u202f", "\u2019"], ",": [".", " ", "'", "\u00a0", "\u202f"]}
MINUS = ["-{}", "({})", "{}-", "{} CR", "\u2212{}", "<{}>", "- {}", "{} credit"]


@given(
    cents=st.integers(0, 10**11),
    form=st.sampled_from([(mark, group) for mark, groups in GROUPS.items() for group in groups]),
    minus=st.sampled_from(["{}", *MINUS]),
    named=st.sampled_from(["{}", "€{}", "{} €", "EUR {}", "{} EUR"]),
    inside=st.booleans(),
)
def test_an_amount_written_anyhow_is_that_amount(
    cents: int, form: tuple[Decimal, str], minus: str, named: str, *, inside: bool
) -> None:
    mark, group = form
    size = f"{cents // 100:,}".replace(",", group) + f"{mark}{cents % 100:02d}"
    text = minus.format(named.format(size)) if inside else named.format(minus.format(size))
    assert parse_amount(text, mark, ("EUR",)) == (cents if minus == "{}" else -cents) / 100


@pytest.mark.parametrize("text", ["£1", "GBP 1", "1 GBP", "US$1", "R$ 1"])
def test_the_sign_of_another_currency_is_never_read_over(text: str) -> None:
    assert foreign_mark(text, ("EUR",))
    assert parse_amount(text, ".", ("EUR",)) is None


@pytest.mark.parametrize(("sign", "currency"), [(sign, code) for sign, codes in SIGNS.items() for code in codes])
def test_each_sign_is_read_in_its_currencies(sign: str, currency: str) -> None:
    for text in (f"{sign}12.5", f"12.5 {sign}", f"-{sign} 12.5", f"({sign}12.5)", f"{sign}(12.5)"):
        assert abs(parse_amount(text, ".", (currency,)) or 0) == 12.5, text


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("149,97", ","),
        ("1.250,00", ","), ("1,250.00", "."), ("12.5", "."), ("1.250", "either."), ("1,250", "either,"),
        ("1.250.000", ","), ("1,250,000", "."), ("0.125", "."), ("0,125", ","), ("12", ""), ("€ 1.250", "either."),
        ("1250.125", "."),
    ],
)  # fmt: skip
def test_what_a_text_says_of_the_decimal_sign(text: str, mark: str) -> None:
    assert decimal_mark(text) == mark


@pytest.mark.parametrize(("text", "decimal"), list(product(["1.2.3", "1,2,3", "12..5", "1.25.0,3"], [".", ","])))
def test_what_is_no_number_in_either_way_is_none(text: str, decimal: Decimal) -> None:
    assert parse_amount(text, decimal) is None


@pytest.mark.parametrize(
    ("text", "forms", "day"),
    [
        ("05/01/2026 14:22", ("%d/%m/%Y",), date(2026, 1, 5)),
        ("05/01/2026 00:00:00", ("%d/%m/%Y",), date(2026, 1, 5)),
        ("1/5/2026 2:05:09 PM", ("%m/%d/%Y",), date(2026, 1, 5)),
        ("5 Jan 2026T09:15:00.123Z", ("%d %b %Y",), date(2026, 1, 5)),
        ("2026-01-05 14:22:00+02:00", (), date(2026, 1, 5)),
        ("46027", (SERIAL,), date(2026, 1, 5)),
        ("46027.599", ("%d/%m/%Y", SERIAL), date(2026, 1, 5)),
        ("46027", (), None),
        ("00:00:00", ("%d/%m/%Y", SERIAL), None),
        ("05/01/2026", (), None),
        ("05/01/2026 late", ("%d/%m/%Y",), None),
    ],
)
def test_a_time_after_any_day_is_ignored_and_serial_days_are_read_where_declared(
    text: str, forms: tuple[str, ...], day: date | None
) -> None:
    assert parse_date(text, forms) == day


def test_texts_that_two_forms_read_differently_are_known() -> None:
    both = ("%d/%m/%Y", "%m/%d/%Y")
    assert readings("03/04/2026", both) == {date(2026, 4, 3), date(2026, 3, 4)}
    assert readings("25/04/2026", both) == {date(2026, 4, 25)}
    assert readings("04/04/2026", both) == {date(2026, 4, 4)}
    assert readings("2026-04-03", both) == frozenset()
    assert swapped("%d/%m/%Y") == "%m/%d/%Y"
