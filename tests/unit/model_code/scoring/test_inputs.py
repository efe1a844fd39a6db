"""What a scoring says of its rows for the drift monitor: fresh rows in the bins in which the training counted."""

from bisect import bisect_left

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lambdas.monitoring.decisions import measure
from model_code.scoring.inputs import counted
from model_code.training.baseline import describe

VALUES = arrays.arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([0, 1, 2, 2.5, 7, np.nan]))


@given(VALUES.filter(lambda values: not np.isnan(values).all()))
def test_the_rows_of_the_training_themselves_have_not_moved(values: np.ndarray) -> None:
    baseline = describe([("a", values)])
    told = counted(baseline, ["a"], values[:, None])
    assert measure(told["rows"], told["counts"], baseline).largest < 1e-6


@given(VALUES, st.lists(st.sampled_from([0.0, 1.0, 2.5, 6.0]), max_size=4, unique=True).map(sorted))
def test_a_value_on_an_edge_belongs_to_the_lower_bin_as_in_training(values: np.ndarray, edges: list[float]) -> None:
    told = counted({"a": {"edges": edges}}, ["a"], values[:, None])
    expected = [0] * (len(edges) + 2)
    for value in values.tolist():
        expected[-1 if np.isnan(value) else bisect_left(edges, value)] += 1
    assert told == {"rows": len(values), "counts": {"a": expected}}


def test_a_scoring_without_fresh_rows_counts_nothing() -> None:
    told = counted({"a": {"edges": [1.0]}}, ["a"], np.empty((0, 1)))
    assert told == {"rows": 0, "counts": {"a": [0, 0, 0]}}
