from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.serving import budget as budgets
from model_code.serving.budget import Budget


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_spent_budget_fills_up_within_a_minute() -> None:
    clock = Clock()
    budget = Budget(60, clock)
    assert budget.spend(b"a", 60) == 0
    assert budget.spend(b"a", 1) == pytest.approx(1)
    assert budget.spend(b"b", 60) == 0
    clock.now += 30
    assert budget.spend(b"a", 31) == pytest.approx(1)
    assert budget.spend(b"a", 30) == 0
    clock.now += 3600
    assert budget.spend(b"a", 61) == 0  # more than a whole budget takes a full one
    assert budget.spend(b"a", 1) > 0


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 30)), max_size=40))
def test_nobody_gets_more_than_the_budget_of_the_time(asked: Sequence[tuple[int, float]]) -> None:
    clock, got = Clock(), 0
    budget = Budget(60, clock)
    begin = clock.now
    for rows, pause in asked:
        clock.now += pause
        got += rows if budget.spend(b"a", rows) == 0 else 0
        assert got <= 60 + (clock.now - begin) + 1e-6


def test_callers_without_number_are_forgotten_the_longest_silent_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MOST_CALLERS", 2)
    budget = Budget(1, Clock())
    assert [budget.spend(caller, 1) for caller in (b"a", b"b", b"c")] == [0, 0, 0]
    assert len(budget._left) == 2
    assert budget.spend(b"b", 1) > 0
    assert budget.spend(b"a", 1) == 0
