"""The report of the synth's time: medians, what ten more models add, and which limit breaks."""

from typing import Any

import pytest

from benchmarks import synth


def report(*, one: float, eleven: float) -> dict[str, Any]:
    """A report of three runs each, one of them disturbed."""

    def runs(seconds: float, stacks: int) -> list[dict[str, float]]:
        return [{"seconds": each, "processor_seconds": 5.0, "stacks": stacks} for each in (seconds, seconds, 99.0)]

    return synth.report({0: runs(one, 7), synth.MORE_MODELS: runs(eleven, 17)})


def test_times_are_medians_and_ten_models_are_told_by_what_they_add() -> None:
    found = report(one=9.0, eleven=11.5)
    assert found["one_model"] == {"seconds": 9.0, "processor_seconds": 5.0, "stacks": 7}
    assert found["added"] == {"seconds": 2.5, "processor_seconds": 0.0, "stacks": 10}
    assert synth.beyond(found) == []
    assert synth.table(found).splitlines()[1].split()[:3] == ["one", "model", "9.0"]


@pytest.mark.parametrize(
    ("one", "eleven", "said"),
    [
        (41.0, 42.0, ["a synth took 41.0 s, at most 40.0"]),
        (9.0, 18.0, ["ten more models took 9.0 s, at most 8.0"]),
        (41.0, 50.0, ["a synth took 41.0 s, at most 40.0", "ten more models took 9.0 s, at most 8.0"]),
    ],
)
def test_each_broken_limit_is_told(one: float, eleven: float, said: list[str]) -> None:
    assert synth.beyond(report(one=one, eleven=eleven)) == said
