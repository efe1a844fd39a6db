"""Which accepted findings must be looked at again: a reason stands only until the day that it names.

The day is handed in: a synth and the unit tests give the same result on every day. `make checks`, which CI runs, asks
for today's.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from compliance import accepted
from compliance.findings import Acceptance

NOTICE = timedelta(days=60)
"""So long before its day a review is announced: time to ask those who answer for it."""


def reasons() -> dict[str, Acceptance]:
    """Give every reason for which a finding may stand, by its name."""
    return {name: each for name, each in vars(accepted).items() if isinstance(each, Acceptance)}


def overdue(chosen: Mapping[str, Acceptance], today: date) -> Iterator[str]:
    """Say of each reason whose day has passed what to do about it."""
    for name, each in chosen.items():
        if each.review_by < today:
            yield (
                f"{name} was to be reviewed by {each.review_by}, and today is {today}: {each.owner} reads it again in "
                "compliance/accepted.py, then sets a new day, or takes it away with what it accepts"
            )


def coming(chosen: Mapping[str, Acceptance], today: date) -> Iterator[str]:
    """Say of each reason whose day comes within `NOTICE` how many days are left."""
    for name, each in chosen.items():
        if today <= each.review_by <= today + NOTICE:
            left = (each.review_by - today).days
            yield f"{name} is to be reviewed by {each.review_by}, in {left} days, by {each.owner}"
