import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.algorithms.hyperparameters import BOUNDS, CHOICES, Hyperparameters, parse_hyperparameters
from model_code.errors import InputError


def test_what_is_not_given_takes_its_written_default() -> None:
    assert parse_hyperparameters({}) == Hyperparameters()
    assert parse_hyperparameters({"max_depth": "9"}) == Hyperparameters(max_depth=9)


def test_every_hyperparameter_has_bounds_that_hold_its_default() -> None:
    defaults = dataclasses.asdict(Hyperparameters())
    assert set(defaults) == set(BOUNDS) | set(CHOICES)
    assert all(defaults[name] in choices for name, choices in CHOICES.items())
    for name, (low, high) in BOUNDS.items():
        assert low <= defaults[name] <= high


@given(st.data())
def test_any_value_within_the_bounds_is_taken_with_its_type(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BOUNDS)))
    low, high = BOUNDS[name]
    kind = type(getattr(Hyperparameters(), name))
    value = data.draw(st.integers(int(low), int(high)) if kind is int else st.floats(low, high))
    parsed = getattr(parse_hyperparameters({name: str(value)}), name)
    assert parsed == value
    assert type(parsed) is kind


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [
        ({"max_dept": "6"}, "'max_dept' is unknown; expected some of max_depth"),
        ({"max_depth": "six"}, "max_depth is 'six'; expected a whole number from 1 to 16"),
        ({"max_depth": "6.5"}, "a whole number"),
        ({"max_depth": "17"}, "from 1 to 16"),
        ({"learning_rate": "nan"}, "learning_rate is 'nan'; expected a number from 0.001 to 1"),
        ({"learning_rate": "inf"}, "expected a number"),
        ({"subsample": "0"}, "from 0.01 to 1"),
        ({"seed": "-1"}, "its default is 17"),
        ({"seed": ["1"]}, "expected a whole number"),
        (
            {"algorithm": "forest"},
            "algorithm is 'forest'; expected classifier or ranker or combined or isolation (its default is classifier)",
        ),
    ],
)
def test_a_bad_hyperparameter_is_refused_with_what_was_expected(given_values: dict, expected: str) -> None:
    with pytest.raises(InputError, match=r".") as refusal:
        parse_hyperparameters(given_values)
    assert expected in str(refusal.value)


def test_what_sagemaker_adds_to_a_trial_says_nothing() -> None:
    given = {"max_depth": "4", "_tuning_objective_metric": "ap_on_validation"}
    assert parse_hyperparameters(given) == Hyperparameters(max_depth=4)
