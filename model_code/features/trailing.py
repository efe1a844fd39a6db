"""Expressions over the days before a purchase: counts, sums, shares, "how unusual".

A window of n days holds day-n up to day-1: nothing of the purchase's own day.
"""

from typing import cast

import ibis
from ibis.expr.types import NumericValue, Table

from model_code.features.units import DAYS, MONEY, PURCHASES, SHARE, SPREADS, TIMES
from model_code.features.windows import Expression, Window, as_float, found, or_else

# Logarithms are summed in whole ten-thousandths: the squares of three million ordinary purchases still sum exactly, and
# what more of them may lose is far below the millionth that features are rounded to.
LOG_UNIT = 10_000
LOGS = "log_amount"
# Added to every variance of log amounts: with few purchases before, nothing is very unusual.
PRIOR_VARIANCE = 0.1


def number(*by: str, days: int, most: int | None = None) -> Expression:
    """How many purchases (a log: ln(1 + n)); `most`: so many say as much as any more would."""
    count = _count(by, days)
    return Expression((count,), lambda table: (1 + _up_to(found(table, count), most)).ln(), PURCHASES)


def spend(*by: str, days: int) -> Expression:
    """How much was spent, refunds by their size too (a log: ln(1 + amount))."""
    cents = _sum("size", by, days)
    return Expression((cents,), lambda table: (1 + found(table, cents) / 100).ln(), MONEY)


def days_since(*by: str, days: int) -> Expression:
    """Days since the last purchase; `days` + 1 if the window holds none."""
    last = Window("max", "day", by, -days, -1)
    return Expression((last,), lambda table: or_else(table["day"] - table[last.name], days + 1), DAYS)


def unusual(*by: str, days: int, column: str = LOGS) -> Expression:
    """How far the log amount lies from the trailing mean, in standard deviations; 0 without purchases before.

    `column`: the logarithms of something else than the amount, missing in some rows.
    """
    count = _count(by, days) if column == LOGS else Window("count", column, by, -days, -1)
    logs, squares = _sum(column, by, days), _sum(f"{column}_squared", by, days)

    def formula(table: Table) -> NumericValue:
        rows = found(table, count).nullif(ibis.literal(0.0))
        mean, square = found(table, logs) / rows, found(table, squares) / rows
        deviation = (as_float(ibis.greatest(square - mean * mean, 0.0)) / LOG_UNIT**2 + PRIOR_VARIANCE).sqrt()
        return or_else((table[column] - mean) / LOG_UNIT / deviation, 0.0)

    return Expression((count, logs, squares), formula, SPREADS)


def above_largest(*by: str, days: int, column: str = LOGS) -> Expression:
    """The log amount (or another column of logarithms) minus the largest one before; 0 without purchases before."""
    largest = Window("max", column, by, -days, -1)
    return Expression(
        (largest,), lambda table: or_else(as_float(table[column] - table[largest.name]) / LOG_UNIT, 0.0), TIMES
    )


def share(flag: str, *by: str, days: int) -> Expression:
    """Which share of the purchases has the 0/1 column `flag`, drawn to zero by one imagined purchase."""
    flagged, count = _sum(flag, by, days), _count(by, days)
    return Expression((flagged, count), lambda table: found(table, flagged) / (1 + found(table, count)), SHARE)


def share_within(part: tuple[str, ...], whole: tuple[str, ...], *, days: int, most: float | None = None) -> Expression:
    """The share of `whole`'s purchases that are `part`'s, counting this one as well: 1 for the first ever.

    `most`: such a share says as much as any larger one would.
    """
    some, every = _count(part, days), _count(whole, days)
    return Expression(
        (some, every), lambda table: _up_to((1 + found(table, some)) / (1 + found(table, every)), most), SHARE
    )


def pace(*by: str, short: int, long: int) -> Expression:
    """The log of the short window's count against what the long window lets expect; both plus one."""
    few, many = _count(by, short), _count(by, long)
    return Expression(
        (few, many), lambda table: ((1 + found(table, few)) / (1 + found(table, many) * (short / long))).ln(), TIMES
    )


def _up_to(value: NumericValue, most: float | None) -> NumericValue:
    return value if most is None else cast("NumericValue", ibis.least(value, ibis.literal(float(most))))


def _count(by: tuple[str, ...], days: int) -> Window:
    return Window("count", "day", by, -days, -1)


def _sum(column: str, by: tuple[str, ...], days: int) -> Window:
    return Window("sum", column, by, -days, -1)
