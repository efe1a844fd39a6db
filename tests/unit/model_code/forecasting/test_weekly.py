import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.errors import InputError
from model_code.forecasting.weekly import BUSY, in_logs, weekly_spend


def purchases(days: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = days * 3
    dates = pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, days, rows), "D")
    amounts = random.normal(100, 60, rows).round(2)
    return pd.DataFrame({"transaction_date": dates, "amount": amounts, "office": random.choice(["a", "b"], rows)})


@given(days=st.integers(15, 120), seed=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_each_week_holds_the_purchases_of_its_seven_days_and_no_refund(days: int, seed: int) -> None:
    rows = purchases(days, seed)
    spend = weekly_spend(rows, "office")
    assert all(week.day_of_week == 0 for week in spend.index)
    for week in spend.index:
        within = rows["transaction_date"].between(week, week + pd.Timedelta(days=6))
        for office in spend.columns:
            paid = rows.loc[within & (rows["office"] == office), "amount"].clip(lower=0).sum()
            assert spend.loc[week, office] == pytest.approx(paid)
    assert rows["transaction_date"].min() <= spend.index[0]
    assert spend.index[-1] + pd.Timedelta(days=6) <= rows["transaction_date"].max()
    assert ((spend > 0).mean() >= BUSY).all()


def test_weeks_without_any_purchase_are_there() -> None:
    days = pd.to_datetime(["2025-01-06", "2025-01-13", "2025-02-10", "2025-02-24"])
    rows = pd.DataFrame({"transaction_date": days, "amount": 5.0, "office": "a"})
    assert len(weekly_spend(rows, "office")) == 7


def test_logs_of_nothing_are_nothing() -> None:
    spend = pd.DataFrame({"a": [0.0, np.e - 1]})
    assert in_logs(spend)["a"].tolist() == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (pd.DataFrame({"amount": [1.0], "office": ["a"]}), "no column transaction_date"),
        (pd.DataFrame({"transaction_date": [], "amount": [], "office": []}), "has no rows"),
        (
            pd.DataFrame({"transaction_date": ["2025-01-01", "2025-01-04"], "amount": [1.0, 2.0], "office": "a"}),
            "holds no whole week",
        ),
    ],
)
def test_a_ledger_without_weeks_is_a_sentence(rows: pd.DataFrame, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        weekly_spend(rows, "office")
