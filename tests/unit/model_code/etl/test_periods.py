from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.errors import InputError
from model_code.etl.periods import BEGINS, LABEL_GAP_DAYS, by_fiscal_year, fiscal_year, split_by_time

START = date(2025, 1, 1)


def ledger_of(days: list[int]) -> Counter[date]:
    return Counter(START + timedelta(days=day) for day in days)


@given(days=st.lists(st.integers(0, 400), min_size=1, max_size=300))
def test_periods_follow_each_other_with_a_gap_for_late_labels(days: list[int]) -> None:
    periods = split_by_time(ledger_of([0, *days, 400]))
    assert [period.name for period in periods] == list(BEGINS) == ["train", "validation", "test", "live"]
    for before, after in pairwise(periods):
        assert after.first - before.last == timedelta(days=LABEL_GAP_DAYS + 1)
    assert periods[-1].last == START + timedelta(days=400)


def test_the_latest_rows_are_held_back_and_the_first_only_warm_up() -> None:
    train, _, _, live = split_by_time(ledger_of(list(range(1000))))
    assert train.first == START + timedelta(days=100)
    assert live.first == START + timedelta(days=880 + LABEL_GAP_DAYS)


def test_a_short_ledger_is_refused_with_its_days() -> None:
    with pytest.raises(InputError, match="from 2025-01-01 to 2025-04-30; a split by time needs 120 days"):
        split_by_time(ledger_of([0, 119]))


@given(day=st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_fiscal_year_runs_from_october_to_september(day: date) -> None:
    year = fiscal_year(day)
    assert date(year - 1, 10, 1) <= day <= date(year, 9, 30)


@given(days=st.lists(st.integers(0, 800), max_size=100))
def test_every_row_belongs_to_one_fiscal_year(days: list[int]) -> None:
    rows = ledger_of(days)
    years = by_fiscal_year(rows)
    assert sum(year["rows"] for year in years.values()) == len(days)
    assert sum(year["last_month"] for year in years.values()) == sum(
        count for day, count in rows.items() if day.month == 9
    )
