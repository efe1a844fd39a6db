"""What a candidate on real labels must find more: than rules for certain, and than the champion not certainly less.

A review of one row in a hundred is what the training measured (`model_code/training/lift.py`), with intervals of 95 %.
"""

from collections.abc import Mapping
from typing import NamedTuple, Self, TypeGuard

RULES, CHAMPION = "rules", "champion"


def lift_problem(lift: object, other: str) -> str | None:
    """Return why a lift over `other` isn't enough; None when it is.

    Over rules, the whole interval must lie above 0: a model that may find no more than rules isn't worth its risks.
    Over the champion it must not lie below 0: with few labels two equally good models differ by chance.
    """
    given = _given(lift, other)
    figure = _Figure.read(given)
    if figure is None:
        return f"its lift over {_named(other)} is {dict(given)!s:.200}, expected value, low and high from -1 to 1"
    shown = f"its lift over {_named(other)} is {figure} of what a review of 1 % finds"
    if other == RULES and figure.low <= 0:
        return f"{shown}: it isn't certain to find more"
    if other == CHAMPION and figure.high < 0:
        return f"{shown}: it certainly finds less"
    return None


def lift_told(lift: object, other: str) -> str:
    """Return a lift for the line that approvers read; empty where there is none that can be read."""
    figure = _Figure.read(_given(lift, other))
    return f"; lift over {_named(other)} {figure}" if figure else ""


class _Figure(NamedTuple):
    value: float
    low: float
    high: float

    @classmethod
    def read(cls, given: Mapping[str, object]) -> Self | None:
        """Return a difference of two shares with its interval; None where it is none."""
        value, low, high = (given.get(name) for name in cls._fields)
        known = _is_difference(value) and _is_difference(low) and _is_difference(high) and low <= high
        return cls(value, low, high) if known else None

    def __str__(self) -> str:
        return f"{100 * self.value:+.1f} points [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


def _given(lift: object, other: str) -> Mapping[str, object]:
    return mapping(mapping(mapping(lift).get("over")).get(other))


def _named(other: str) -> str:
    return "written rules" if other == RULES else "the champion"


def mapping(value: object) -> Mapping[str, object]:
    """Return a JSON object, and an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def _is_difference(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1
