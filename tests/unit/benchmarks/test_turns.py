import pytest

from benchmarks.turns import ROUNDS, in_turns, summary


def test_contenders_take_turns_and_change_their_order() -> None:
    calls: list[str] = []
    seconds = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, calls=2)
    assert "".join(calls[:10]) == "ab" + "aabb" + "bbaa"
    assert {name: len(rounds) for name, rounds in seconds.items()} == {"a": ROUNDS, "b": ROUNDS}


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    found = summary({"ours": [1e-3, 4e-3, 1e-3], "theirs": [3e-3, 8e-3, 9e-3]}, "ours")
    assert found == {
        "ours": {"median_us": pytest.approx(1000), "times_ours": 1},
        "theirs": {"median_us": pytest.approx(8000), "times_ours": pytest.approx(3)},
    }
