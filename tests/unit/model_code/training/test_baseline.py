from bisect import bisect_left
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model_code.training.baseline import describe

VALUES = st.one_of(st.just(np.nan), st.sampled_from([0.0, 1.0, 2.0]), st.floats(-1e6, 1e6))


@given(arrays.arrays(np.float64, st.integers(1, 80), elements=VALUES))
def test_anyone_can_count_the_same_shares_from_the_edges(values: np.ndarray) -> None:
    """A monitor in plain Python, as the contract spells it, agrees with the baseline on the baseline's own rows."""
    rows = np.append(values, 3.0).reshape(-1, 1)
    feature = describe([("amount", rows[:, 0])])["amount"]
    edges = feature["edges"]
    present = [float(value) for value in rows[:, 0] if not np.isnan(value)]
    bins = Counter(bisect_left(edges, value) for value in present)
    assert feature["shares"] == pytest.approx([bins[number] / len(present) for number in range(len(edges) + 1)])
    assert sum(feature["shares"]) == pytest.approx(1)
    assert edges == sorted(set(edges))
    assert len(edges) <= 9
    assert (feature["count"], feature["missing"]) == (len(rows), len(rows) - len(present))
    assert feature["min"] <= feature["mean"] + 1e-6
    assert feature["mean"] <= feature["max"] + 1e-6


def test_even_values_fall_into_even_tenths() -> None:
    feature = describe([("amount", np.arange(1000.0))])["amount"]
    assert feature["shares"] == pytest.approx([0.1] * 10, abs=0.002)
