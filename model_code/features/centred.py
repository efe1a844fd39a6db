"""Expressions over the days around a purchase, both sides and its own day: for a review of past months only."""

from model_code.features.units import DAYS, MONEY, PURCHASES, SHARE
from model_code.features.windows import Expression, Window, found, or_else


def number_around(*by: str, days: int) -> Expression:
    """How many other purchases (a log: ln(1 + n))."""
    count = _count(by, days)
    return Expression((count,), lambda table: found(table, count).ln(), PURCHASES)


def spend_around(*by: str, days: int) -> Expression:
    """How much was spent, this purchase included, refunds by their size too (a log: ln(1 + amount))."""
    cents = Window("sum", "size", by, -days, days)
    return Expression((cents,), lambda table: (1 + found(table, cents) / 100).ln(), MONEY)


def days_until(*by: str, days: int) -> Expression:
    """Days until the next purchase on a later day; `days` + 1 if the window holds none."""
    following = Window("min", "day", by, 1, days)
    return Expression((following,), lambda table: or_else(table[following.name] - table["day"], days + 1), DAYS)


def share_around(part: tuple[str, ...], whole: tuple[str, ...], *, days: int) -> Expression:
    """The share of `whole`'s purchases that are other ones of `part`: 0 where this is the only one."""
    some, every = _count(part, days), _count(whole, days)
    return Expression((some, every), lambda table: (found(table, some) - 1) / found(table, every), SHARE)


def _count(by: tuple[str, ...], days: int) -> Window:
    return Window("count", "day", by, -days, days)
