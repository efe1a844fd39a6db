"""The micro-purchase threshold is a dated setting, never a constant."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple


class Threshold(NamedTuple):
    """From `effective` on (inclusive), a single purchase may cost up to `amount`, in the ledger's currency."""

    effective: date
    amount: float


# FAR 2.101, "micro-purchase threshold": the general amount, as raised on 1 October 2025.
FAR_MICRO_PURCHASE: tuple[Threshold, ...] = (
    Threshold(date(1900, 1, 1), 10_000.0),
    Threshold(date(2025, 10, 1), 15_000.0),
)


def threshold_on(day: date, thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE) -> float:
    """The threshold in force on a day; before the first effective date, the first one."""
    in_force = [threshold for threshold in thresholds if threshold.effective <= day]
    return max(in_force or [min(thresholds)]).amount
