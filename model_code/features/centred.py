"""Expressions over the days around a purchase, both sides and its own day: for a review of past months only."""

import ibis
from ibis.expr.builders import WindowBuilder
from ibis.expr.types import NumericValue, Table

from model_code.features.trailing import Expression, as_float


def around(by: tuple[str, ...], days: int) -> WindowBuilder:
    """The rows with the same `by` from `days` days before to `days` days after, this one among them."""
    return ibis.range_window(group_by=list(by), order_by="day", preceding=days, following=days)


def number_around(*by: str, days: int) -> Expression:
    """How many other purchases (a log: ln(1 + n))."""
    return lambda table: _count(table, by, days).ln()


def spend_around(*by: str, days: int) -> Expression:
    """How much was spent, this purchase included, refunds by their size too (a log: ln(1 + amount))."""
    return lambda table: (1 + as_float(table["size"].sum().over(around(by, days))) / 100).ln()


def days_until(*by: str, days: int) -> Expression:
    """Days until the next purchase on a later day; `days` + 1 if the window holds none."""

    def expression(table: Table) -> NumericValue:
        after = ibis.range_window(group_by=list(by), order_by="day", following=(1, days))
        return (table["day"].min().over(after) - table["day"]).coalesce(days + 1)

    return expression


def share_around(part: tuple[str, ...], whole: tuple[str, ...], *, days: int) -> Expression:
    """The share of `whole`'s purchases that are other ones of `part`: 0 where this is the only one."""
    return lambda table: (_count(table, part, days) - 1) / _count(table, whole, days)


def _count(table: Table, by: tuple[str, ...], days: int) -> NumericValue:
    return as_float(table["day"].count().over(around(by, days)))
