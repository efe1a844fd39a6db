import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model_code.arrays import LARGEST
from model_code.errors import InputError
from model_code.native.library import Library
from model_code.serving.guard import Guard
from model_code.training.packaging import describe_guard

COLUMNS = ["amount", "weekend", "age"]
TRAINED = np.array([[10.5, 0, 1.5], [20.5, 1, np.nan], [12.0, 0, 2.5]])
ROWS = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 8), st.just(3)),
    elements=st.one_of(st.floats(width=32), st.sampled_from([0, 0.5, 1, 2, -0.0, 0.5, 3.5, 30, 30.000001, 5e-324])),
)


def facts() -> dict:
    return describe_guard(zip(COLUMNS, TRAINED.T, strict=True))


@pytest.fixture(params=["C", "Python"])
def guard(request: pytest.FixtureRequest) -> Guard:
    return Guard(facts(), COLUMNS, request.getfixturevalue("library") if request.param == "C" else None)


@given(ROWS)
def test_c_and_python_find_the_same_unusual(library: Library, rows: np.ndarray) -> None:
    fast, slow = (Guard(facts(), COLUMNS, comparing) for comparing in (library, None))
    assert fast.unusual_rows(rows) == slow.unusual_rows(rows)
    assert [fast.unusual_rows(row[None]) for row in rows] == slow.unusual(rows).any(axis=1).tolist()


@pytest.mark.parametrize(
    ("row", "unusual"),
    [
        ([10, 0, 1.5], []),
        ([0.5, 1, 0.5], []),  # as far below the range as it is wide
        ([30.5, 1, np.nan], []),
        ([30.51, 1, 1.5], ["amount"]),
        ([0.49, 1, 1.5], ["amount"]),
        ([np.nan, 1, 1.5], ["amount"]),
        ([10, 2, 1.5], ["weekend"]),
        ([10, 0.5, 1.5], ["weekend"]),
        ([np.inf, 7, 99], ["amount", "weekend", "age"]),
    ],
)
def test_what_training_did_not_see_the_like_of_is_named(guard: Guard, row: list[float], unusual: list[str]) -> None:
    rows = np.array([row], np.float64)
    assert guard.unusual_rows(rows) == bool(unusual)
    assert [COLUMNS[column] for column in np.flatnonzero(guard.unusual(rows)[0])] == unusual


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ([99, 0, 1], "Row 2, column 1 (amount): 99 isn't like the training's; expected from 0.5 to 30.5."),
        ([10, 3, 1], "Row 2, column 2 (weekend): 3 isn't like the training's; expected one of 0, 1."),
        ([10, 0, 9], "Row 2, column 3 (age): 9 isn't like the training's; expected from 0.5 to 3.5 or none."),
        ([10, np.nan, 1], "Row 2, column 2 (weekend): no value isn't like the training's; expected one of 0, 1."),
    ],
)
def test_a_refusal_names_row_column_and_what_is_usual(guard: Guard, row: list[float], sentence: str) -> None:
    rows = np.array([[10, 0, 1], row], np.float64)
    with pytest.raises(InputError, match=re.escape(sentence)):
        guard.refuse(rows)


def test_every_training_row_is_usual(guard: Guard) -> None:
    assert guard.unusual_rows(TRAINED) == 0


def test_bounds_never_leave_the_numbers_that_xgboost_takes() -> None:
    [column] = describe_guard([("x", np.array([-3e38, 0.5, 3e38]))])["columns"].values()
    assert (column["minimum"], column["maximum"]) == (-LARGEST, LARGEST)


@pytest.mark.parametrize("changed", [{"version": 2}, {"columns": {}}, {"columns": None}])
def test_a_guard_of_another_kind_is_refused(changed: dict) -> None:
    with pytest.raises(InputError, match=r"guard\.json isn't version 1 of ours for the columns amount, weekend, age"):
        Guard(facts() | changed, COLUMNS, None)
