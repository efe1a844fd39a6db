"""The split by time: train, validation and test follow each other; the latest is held back as if it were live."""

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from model_code.errors import InputError

# Where each period begins: a share of the rows in order of time. Those before only fill the features' windows.
BEGINS = {"train": 0.10, "validation": 0.65, "test": 0.75, "live": 0.88}
# Labels arrive late: so many days lie between two periods; they only fill the windows, too.
LABEL_GAP_DAYS = 7
GAP_DAYS = 180
"""Single rows so far from all others are strays."""
SHORTEST_LEDGER_DAYS = 120


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both inclusive."""

    name: str
    first: date
    last: date


OCTOBER = 10
"""The federal fiscal year begins in it (31 U.S.C. 1102)."""


def fiscal_year(day: date, starts: int = OCTOBER) -> int:
    """The fiscal year that a day belongs to, named by the calendar year in which it ends."""
    return day.year + (1 < starts <= day.month)


def by_fiscal_year(rows: Mapping[date, int], starts: int = OCTOBER) -> dict[str, dict[str, int]]:
    """Of each fiscal year (`FY2026`): its rows, and those of its last month, when what isn't spent would be lost."""
    last = (starts - 2) % 12 + 1
    years: dict[str, dict[str, int]] = {}
    for day, count in sorted(rows.items()):
        year = years.setdefault(f"FY{fiscal_year(day, starts)}", {"rows": 0, "last_month": 0})
        year["rows"] += count
        year["last_month"] += count if day.month == last else 0
    return years


def stray_days(days: Mapping[date, int], *, gap: int) -> dict[date, int]:
    """Days with single rows, at the beginning or the end, that lie `gap` days or more from all others."""
    ordered, few = sorted(days.items()), max(3, sum(days.values()) // 1000)
    found: dict[date, int] = {}
    for order in (ordered, ordered[::-1]):
        seen = 0
        for number, (day, rows) in enumerate(order[:-1]):
            seen += rows
            if seen > few:
                break
            if abs((order[number + 1][0] - day).days) >= gap:
                found |= dict(order[: number + 1])
    return found


def split_by_time(rows: Mapping[date, int]) -> list[Period]:
    """Train, validation, test and live, from how many rows each day of a ledger has.

    Raises:
        InputError: the ledger is shorter than SHORTEST_LEDGER_DAYS.
    """
    days = sorted(rows)
    first, last = days[0], days[-1]
    if (last - first).days < SHORTEST_LEDGER_DAYS:
        raise InputError(f"The ledger runs from {first} to {last}; a split by time needs {SHORTEST_LEDGER_DAYS} days.")
    until = list(accumulate(rows[day] for day in days))
    begins = [days[bisect(until, int(until[-1] * share))] for share in BEGINS.values()]
    ends = [begin - timedelta(days=1) for begin in begins[1:]] + [last]
    gaps = [timedelta(days=LABEL_GAP_DAYS if number else 0) for number in range(len(begins))]
    return [Period(name, begin + gap, end) for name, begin, gap, end in zip(BEGINS, begins, gaps, ends, strict=True)]
