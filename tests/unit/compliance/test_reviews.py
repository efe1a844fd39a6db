"""Reviews of accepted findings, on days that are handed in; `make checks` asks for today's."""

from datetime import date, timedelta

import pytest

from compliance.findings import Acceptance
from compliance.reviews import NOTICE, coming, overdue, reasons

DUE = date(2027, 11, 1)
CHOSEN = {
    "A_REASON": Acceptance(
        reason="eight words are the least that any assessor reads",
        control="AC-6",
        compensating="eight other words say what makes up for it",
        owner="platform team",
        review_by=DUE,
    )
}


@pytest.mark.parametrize("late", [1, 365])
def test_a_review_whose_day_has_passed_is_overdue(late: int) -> None:
    today = DUE + timedelta(days=late)
    [said] = overdue(CHOSEN, today)
    assert said.startswith(f"A_REASON was to be reviewed by 2027-11-01, and today is {today}: platform team reads it")
    assert list(coming(CHOSEN, today)) == []


@pytest.mark.parametrize("left", [0, 1, 60])
def test_a_review_is_announced_sixty_days_before_and_on_its_day(left: int) -> None:
    today = DUE - timedelta(days=left)
    assert list(coming(CHOSEN, today)) == [
        f"A_REASON is to be reviewed by 2027-11-01, in {left} days, by platform team"
    ]
    assert list(overdue(CHOSEN, today)) == []


def test_nothing_is_said_of_a_review_that_is_far_away() -> None:
    today = DUE - NOTICE - timedelta(days=1)
    assert [*overdue(CHOSEN, today), *coming(CHOSEN, today)] == []


def test_no_reason_stands_for_ever() -> None:
    latest = max(each.review_by for each in reasons().values())
    assert len(list(overdue(reasons(), latest + timedelta(days=1)))) == len(reasons())
