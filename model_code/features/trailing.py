"""Expressions over the days before a purchase: counts, sums, shares, "how unusual".

A window of n days holds day-n up to day-1: nothing of the purchase's own day. Sums run over whole numbers, so that
neither the order of rows nor the number of threads can change a result.
"""

from collections.abc import Callable
from typing import TypeAlias, cast

import ibis
from ibis.expr.builders import WindowBuilder
from ibis.expr.types import NumericValue, Table, Value

Expression: TypeAlias = Callable[[Table], NumericValue]

# Logarithms are summed in whole ten-thousandths.
LOG_UNIT = 10_000
# Added to every variance of log amounts: with few purchases before, nothing is very unusual.
PRIOR_VARIANCE = 0.1


def as_float(value: Value) -> NumericValue:
    """The value as a double; Ibis' own types can't say so."""
    return cast("NumericValue", value.cast("float64"))


def before(by: tuple[str, ...], days: int) -> WindowBuilder:
    """The rows with the same `by` in the `days` days before."""
    return ibis.range_window(group_by=list(by), order_by="day", preceding=(days, 1))


def number(*by: str, days: int) -> Expression:
    """How many purchases (a log: ln(1 + n))."""
    return lambda table: (1 + _count(table, by, days)).ln()


def spend(*by: str, days: int) -> Expression:
    """How much was spent, refunds by their size too (a log: ln(1 + amount))."""
    return lambda table: (1 + _sum(table, "size", by, days) / 100).ln()


def days_since(*by: str, days: int) -> Expression:
    """Days since the last purchase; `days` + 1 if the window holds none."""
    return lambda table: (table["day"] - table["day"].max().over(before(by, days))).coalesce(days + 1)


def unusual(*by: str, days: int) -> Expression:
    """How far the log amount lies from the trailing mean, in standard deviations; 0 without purchases before."""

    def expression(table: Table) -> NumericValue:
        count = _count(table, by, days)
        mean = _sum(table, "log_amount", by, days) / count.nullif(ibis.literal(0))
        square = _sum(table, "log_amount_squared", by, days) / count.nullif(ibis.literal(0))
        deviation = (as_float(ibis.greatest(square - mean * mean, 0)) / LOG_UNIT**2 + PRIOR_VARIANCE).sqrt()
        return ((table["log_amount"] - mean) / LOG_UNIT / deviation).coalesce(0.0)

    return expression


def above_largest(*by: str, days: int) -> Expression:
    """The log amount minus the largest one before; 0 without purchases before."""
    return lambda table: (
        (table["log_amount"] - table["log_amount"].max().over(before(by, days))).cast("float64") / LOG_UNIT
    ).coalesce(0.0)


def share(flag: str, *by: str, days: int) -> Expression:
    """Which share of the purchases has the 0/1 column `flag`, drawn to zero by one imagined purchase."""
    return lambda table: _sum(table, flag, by, days) / (1 + _count(table, by, days))


def share_within(part: tuple[str, ...], whole: tuple[str, ...], *, days: int) -> Expression:
    """The share of `whole`'s purchases that are `part`'s, counting this one as well: 1 for the first ever."""
    return lambda table: (1 + _count(table, part, days)) / (1 + _count(table, whole, days))


def pace(*by: str, short: int, long: int) -> Expression:
    """The log of the short window's count against what the long window lets expect; both plus one."""
    return lambda table: ((1 + _count(table, by, short)) / (1 + _count(table, by, long) * (short / long))).ln()


def _count(table: Table, by: tuple[str, ...], days: int) -> NumericValue:
    return as_float(table["day"].count().over(before(by, days)))


def _sum(table: Table, column: str, by: tuple[str, ...], days: int) -> NumericValue:
    return as_float(table[column].sum().over(before(by, days)).coalesce(0))
