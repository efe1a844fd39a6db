"""What a candidate on real labels must find more: than rules for certain, and than the champion not certainly less.

A review of one row in a hundred is what the training measured (`model_code/training/lift.py`), with intervals of 95 %.
"""

from collections.abc import Mapping
from typing import TypeGuard

RULES, CHAMPION = "rules", "champion"


def lift_problem(lift: object, other: str) -> str | None:
    """Return why a lift over `other` isn't enough; None when it is.

    Over rules, the whole interval must lie above 0: a model that may find no more than rules isn't worth its risks.
    Over the champion it must not lie below 0: with few labels two equally good models differ by chance.
    """
    figure = _mapping(_mapping(_mapping(lift).get("over")).get(other))
    value, low, high = (figure.get(name) for name in ("value", "low", "high"))
    if not (_is_difference(value) and _is_difference(low) and _is_difference(high) and low <= high):
        return f"its lift over {_named(other)} is {dict(figure)!s:.200}, expected value, low and high from -1 to 1"
    shown = f"{100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}] of what a review of 1 % finds"
    if other == RULES and low <= 0:
        return f"its lift over {_named(other)} is {shown}: it isn't certain to find more"
    if other == CHAMPION and high < 0:
        return f"its lift over {_named(other)} is {shown}: it certainly finds less"
    return None


def lift_told(lift: object, other: str) -> str:
    """Return a lift for the line that approvers read; empty where there is none that can be read."""
    figure = _mapping(_mapping(_mapping(lift).get("over")).get(other))
    value, low, high = (figure.get(name) for name in ("value", "low", "high"))
    if not (_is_difference(value) and _is_difference(low) and _is_difference(high)):
        return ""
    return f"; lift over {_named(other)} {100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"


def _named(other: str) -> str:
    return "written rules" if other == RULES else "the champion"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _is_difference(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1
