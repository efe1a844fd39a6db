"""What no drawn life comes to is met nevertheless: functions die on either side of each call, and do their work."""

import pytest

from tests.faults.breakdowns import BREAKDOWNS, Breakdown


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("breakdown", BREAKDOWNS, ids=lambda each: f"{each.letter.__name__}-{each.file}-{each.call}")
def test_a_function_that_dies_in_a_breakdown_does_its_work_when_it_is_tried_again(
    breakdown: Breakdown, side: str
) -> None:
    life = breakdown.meet(side)
    died = [(site, where) for site, where in life.died if site.startswith(breakdown.file)]
    assert died
    assert {where for _, where in died} == {side}
    assert ": died" not in life.told[-1]
