"""What a model may learn from: nothing of later periods, only the columns of its view, and no row twice."""

import dataclasses
import itertools
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from model_code.etl.generator import generate
from model_code.etl.periods import Period
from model_code.evaluation.ledgers import INJECTED_PERIODS, WEAK_PERIODS, Ledger, generated
from model_code.evaluation.protocol import Sample, raw_fields, shuffle, take
from model_code.features.views import BATCH, REALTIME, View
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
PERIODS = (
    Period("train", date(2025, 1, 1), date(2025, 3, 31)),
    Period("validation", date(2025, 4, 1), date(2025, 4, 30)),
    Period("test", date(2025, 5, 1), date(2025, 6, 30)),
)
# One feature on each side of the day is enough to see a leak.
SMALL = View("batch", BATCH.known_at, tuple(f for f in BATCH.features if "days_" in f.name))


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger("small", generate(600, seed=4, end=date(2025, 6, 30)), PERIODS)


@pytest.fixture(scope="module")
def sample(ledger: Ledger) -> Sample:
    return take(ledger, SMALL)


def test_each_row_is_in_exactly_its_own_period(ledger: Ledger, sample: Sample) -> None:
    assert {name: len(split.labels) for name, split in sample.splits.items()} == {
        period.name: int(ledger.rows["transaction_date"].dt.date.between(period.first, period.last).sum())
        for period in PERIODS
    }
    assert sum(split.labels.sum() for split in sample.splits.values()) == ledger.rows["label"].sum()
    assert all(
        (np.array(split.kinds) != "").astype(float).tolist() == split.labels.tolist()
        for split in sample.splits.values()
    )


def test_no_later_period_changes_what_a_model_learns_from(ledger: Ledger, sample: Sample) -> None:
    later = ledger.rows["transaction_date"].dt.date > PERIODS[0].last
    changed = ledger.rows.assign(merchant=ledger.rows["merchant"].where(~later, "ANOTHER"))
    again = take(dataclasses.replace(ledger, rows=changed), SMALL)
    assert np.array_equal(again.splits["train"].rows, sample.splits["train"].rows)
    assert not np.array_equal(again.splits["test"].rows, sample.splits["test"].rows)


def test_the_batch_view_does_look_ahead_within_its_period(ledger: Ledger, sample: Sample) -> None:
    last = ledger.rows["transaction_date"].dt.date == PERIODS[0].last
    again = take(dataclasses.replace(ledger, rows=ledger.rows[~last]), SMALL)
    kept = len(again.splits["train"].rows)
    assert not np.array_equal(again.splits["train"].rows, sample.splits["train"].rows[:kept])


def test_labels_stand_beside_their_own_rows(ledger: Ledger) -> None:
    marked = ledger.rows.assign(label=(ledger.rows["amount"].abs() > 100).astype("int8"))
    split = take(dataclasses.replace(ledger, rows=marked), REALTIME).splits["train"]
    assert np.array_equal(split.rows[:, REALTIME.columns.index("amount_log")] > np.log(101), split.labels > 0)


def test_raw_fields_are_what_is_known_at_authorisation_and_learn_their_codes_from_train(ledger: Ledger) -> None:
    sample = raw_fields(ledger)
    late = {"cost_centre", "description", "posting_date", "label", "kind", "transaction_id"}
    assert not late & set(sample.columns)
    strange = ledger.rows["transaction_date"].dt.date >= PERIODS[2].first
    rows = ledger.rows.assign(merchant=ledger.rows["merchant"].where(~strange, "NEVER SEEN"))
    again = raw_fields(dataclasses.replace(ledger, rows=rows))
    assert (again.splits["test"].rows[:, sample.columns.index("merchant")] == -1).all()
    assert np.array_equal(again.splits["train"].rows, sample.splits["train"].rows)


def test_the_random_split_deals_the_same_rows(sample: Sample) -> None:
    dealt = shuffle(sample, seed=1)
    for one, other in zip(sample.splits.values(), dealt.splits.values(), strict=True):
        assert len(one.labels) == len(other.labels)
    before, after = (
        np.sort(np.concatenate([part.rows.sum(axis=1) for part in some.splits.values()])) for some in (sample, dealt)
    )
    assert np.allclose(before, after)
    assert not np.array_equal(sample.splits["train"].rows, dealt.splits["train"].rows)


@pytest.mark.parametrize("periods", [INJECTED_PERIODS, WEAK_PERIODS, PERIODS])
def test_periods_follow_each_other(periods: tuple[Period, ...]) -> None:
    assert all(one.last < other.first for one, other in itertools.pairwise(periods))


def test_weak_labels_keep_three_months_between_learning_and_judging() -> None:
    assert WEAK_PERIODS[-1].first - WEAK_PERIODS[0].last > timedelta(days=90)


def test_the_generated_ledger_is_divided_as_etl_divides_it() -> None:
    periods = generated(600).periods
    assert [period.name for period in periods] == ["train", "validation", "test"]
    assert pd.Timestamp(periods[1].first) - pd.Timestamp(periods[0].last) > pd.Timedelta(days=7)
