import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.features.weekly import weekly_features


def ledger(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(random.integers(0, 120, rows)), "D")
    columns = {"office": random.choice(["a", "b"], rows), "mcc": random.choice(["1", "2", "3"], rows)}
    return pd.DataFrame({"transaction_date": days, "amount": random.lognormal(4, 1, rows).round(2), **columns})


@pytest.mark.long
@given(seed=st.integers(0, 500), factor=st.floats(0, 100))
@settings(max_examples=25, deadline=None)
def test_nothing_in_a_purchases_own_week_or_later_changes_what_is_known_of_its_week(seed: int, factor: float) -> None:
    rows = ledger(150, seed)
    at = 100
    monday = rows["transaction_date"][at] - pd.Timedelta(days=rows["transaction_date"][at].day_of_week)
    changed = rows.copy()
    late = (changed["transaction_date"] >= monday) & (changed.index != at)
    changed.loc[late, "amount"] = (changed["amount"] * factor).round(2)
    first, second = weekly_features(rows).loc[at], weekly_features(changed).loc[at]
    assert first.to_numpy() == pytest.approx(second.to_numpy())


def test_rows_keep_their_order_whatever_it_is() -> None:
    rows = ledger(150, 3)
    shuffled = rows.sample(frac=1, random_state=1)
    assert weekly_features(shuffled).sort_index().to_numpy() == pytest.approx(weekly_features(rows).to_numpy())


def test_a_week_out_of_the_ordinary_is_seen_in_the_next() -> None:
    days = pd.date_range("2025-01-01", periods=30, freq="7D")
    rows = pd.DataFrame({"transaction_date": days, "office": "a", "mcc": "1", "amount": 100.0})
    rows.loc[20, "amount"] = 100_000.0
    residual = weekly_features(rows)["office_week_residual"]
    assert residual[20] == pytest.approx(0, abs=1e-6)
    assert residual[21] > 5
    assert not weekly_features(rows).isna().any(axis=None)
