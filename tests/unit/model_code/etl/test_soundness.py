"""What a whole ledger must be before it is used: decimals in one way only, few rows aside, warnings looked at."""

import re
from datetime import date
from pathlib import Path

import pytest

from model_code.errors import InputError
from model_code.etl.accepted import read_accepted
from model_code.etl.doubts import Doubt
from model_code.etl.mapping import Acknowledged
from model_code.etl.texts import Seen, masked, merge, total
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB
COLUMNS = '[columns]\ntransaction_id = "id"\nmerchant = "payee"\namount = "amount"\ntransaction_date = "day"\n'
DOUBT = Doubt("missing_month", "May", frozenset(), date(2014, 5, 1), date(2014, 5, 28))


def amounts(folder: Path, *texts: str, declared: str = "") -> list[float]:
    """What becomes of these texts, one a row."""
    rows = [f'{number};SHOP;"{text}";2026-01-05' for number, text in enumerate(texts)]
    (folder / "ledger.csv").write_text("\n".join(["id;payee;amount;day", *rows, ""]), encoding="utf-8")
    (folder / "columns.toml").write_text(f'currency = "USD"\n{declared}\n{COLUMNS}')
    return read_accepted(folder / "ledger.csv", folder / "columns.toml").rows["amount"].tolist()


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (("12.50", "1,250"), [12.5, 1250]),
        (("12", "1250"), [12, 1250]),
        (("1,250.00", "7"), [1250, 7]),
        (("0.125", "12.5"), [0.12, 12.5]),
        (("1,250,000", "3.5"), [1250000, 3.5]),
    ],
)
def test_what_can_be_read_in_one_way_needs_no_declaration(tmp_path: Path, texts: list[str], read: list[float]) -> None:
    assert amounts(tmp_path, *texts) == read


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (("12", "12,50"), 3),
        (("12.50", "1.250"), 3),
        (("1,250", "7"), 2),
        (("1.250.000", "7"), 2),
        (("12.50", "12,50"), 3),
    ],
)
def test_what_can_be_read_in_two_ways_ends_the_job_with_line_and_value(
    tmp_path: Path, texts: tuple[str, ...], line: int
) -> None:
    with pytest.raises(
        InputError, match=rf"ledger\.csv, line {line}: the amount `{re.escape(texts[line - 2])}`"
    ) as told:
        amounts(tmp_path, *texts)
    assert "Declare decimal = " in str(told.value)


@pytest.mark.parametrize(("sign", "read"), [(".", [1.25, 1250]), (",", [1250, 1.25])])
def test_what_is_declared_decides(tmp_path: Path, sign: str, read: list[float]) -> None:
    assert amounts(tmp_path, "1.250", "1,250", declared=f'decimal = "{sign}"') == read


def test_a_purchase_is_positive_whatever_the_banks_sign(tmp_path: Path) -> None:
    assert amounts(tmp_path, "-5.00", "(6.00)", "7.00", "0.00", declared='spending = "negative"') == [5, 6, -7, 0]


@pytest.mark.parametrize(
    ("acknowledged", "holds"),
    [
        (Acknowledged("missing_month", "", date(2014, 5, 1), date(2014, 5, 31), "x"), True),
        (Acknowledged("missing_month", "", date(2014, 5, 2), date(2014, 5, 31), "x"), False),
        (Acknowledged("missing_month", "", date(2014, 1, 1), date(2014, 5, 27), "x"), False),
        (Acknowledged("far_dates", "", date(2014, 1, 1), date(2014, 12, 31), "x"), False),
        (Acknowledged("missing_month", "a" * 64, None, None, "x"), False),
    ],
)
def test_a_period_is_acknowledged_as_a_whole_or_not_at_all(acknowledged: Acknowledged, *, holds: bool) -> None:
    assert DOUBT.acknowledged([acknowledged]) is holds


def test_a_warning_about_two_files_needs_both_acknowledged() -> None:
    doubt = Doubt("block_twice", "twice", frozenset({"a", "b"}), date.min, date.max)
    one, other = (Acknowledged("block_twice", file, None, None, "x") for file in "ab")
    assert not doubt.acknowledged([one])
    assert doubt.acknowledged([one, other])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Jane Q. Example", "xxxx x. xxxxxxx"),
        ("4111 1111 1111 1111", "###################"),
        ("25/04/2026", "25/04/2026"),
        ("1.250,00 €", "1.250,00 €"),
        ("Łódź 12", "xxxx 12"),
        ("a" * 50, f"{'x' * 30}…"),
    ],
)
def test_no_letters_and_no_cards_get_into_a_message(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_what_was_seen_first_is_shown_and_all_is_counted() -> None:
    found = {"nothing": Seen(2, 7, "x")}
    merge(found, {"nothing": Seen(3, 90, "y"), "other": Seen(1, 4, "z")})
    assert found == {"nothing": Seen(5, 7, "x"), "other": Seen(1, 4, "z")}
    assert total([found, {"other": Seen(1, 9, "q")}])["other"] == Seen(2, 4, "z")
