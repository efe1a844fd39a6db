"""Windows of a few purchases among many: of those that share keys with them, as they are or summed up by keys and day.

Each value is bit-equal to that of `with_windows` over all: counts, sums of whole numbers, the least and the largest
are the same whether single purchases or days of them are put together.
"""

from collections.abc import Iterable
from functools import reduce
from itertools import groupby
from typing import Any, cast

import ibis
from ibis.expr.types import BooleanValue, NumericValue, Table, Value

from model_code.features.windows import Keep, Window, as_float

FEW_DAYS = 2.0
"""Up to so many days that windows are asked of, for a key in the mean, each purchase is looked at once for each of
them; beyond, purchases are summed up by days first: most keys have few purchases a day, and sums for nothing cost more
than the windows themselves."""


def windows_among(
    asked: Table, others: Table, windows: Iterable[Window], keep: Keep, *, days: tuple[int, int]
) -> Table:
    """`row` and the windows of the rows `asked`, which lie on `days` (the first and the last), among them and `others`.

    Whole numbers stand for texts in both, the same for the same text. `others` needs no `row`.
    """
    ordered = sorted(set(windows), key=lambda window: (window.by, window))
    parts = [
        _of_keys(asked, others, list(group), keep, days) for _, group in groupby(ordered, key=lambda each: each.by)
    ]
    return reduce(lambda one, two: one.join(two, "row"), parts)


def _of_keys(asked: Table, others: Table, windows: list[Window], keep: Keep, days: tuple[int, int]) -> Table:
    """The windows of one set of keys."""
    by = windows[0].by
    first, last = min(each.first for each in windows), max(each.last for each in windows)
    columns = list(dict.fromkeys([*by, "day", *(each.column for each in windows)]))
    in_reach = others.filter(others["day"].between(days[0] + first, days[1] + last))
    wanted = keep(asked.select(*by, asked_day=asked["day"]).distinct())
    parts = [each.select(*columns) for each in (in_reach, asked)]
    if days[0] == days[1] or _days_of_a_key(wanted, by) <= FEW_DAYS:
        pairs = parts[0].union(parts[1]).join(wanted, list(by))
        how = _of_purchases
    else:
        both = parts[0].semi_join(wanted, by).union(parts[1])
        cells = both.group_by([*by, "day"]).agg(**{_cell(each): _summed(both, each) for each in windows})
        pairs = cells.join(wanted, list(by))
        how = _of_days
    values = pairs.group_by([*by, "asked_day"]).agg(**{each.name: how(pairs, each) for each in windows})
    here = [*(asked[name] == values[name] for name in by), asked["day"] == values["asked_day"]]
    return keep(asked.join(values, here).select(asked["row"], *(values[each.name] for each in windows)))


def _days_of_a_key(wanted: Table, by: tuple[str, ...]) -> float:
    """On how many days windows are asked of, for a key with any: so often is each purchase of a key looked at."""
    keys = wanted.select(*by).distinct().count().as_scalar()
    return cast("Any", wanted.aggregate(days=wanted.count() / keys).to_pyarrow())["days"][0].as_py()


def _cell(window: Window) -> str:
    return f"{window.how} {window.column}"


def _summed(table: Table, window: Window) -> Value:
    """What a window needs of the purchases of one day."""
    column = as_float(table[window.column]) if window.how == "sum" else table[window.column]
    value = getattr(column, window.how)()
    return value.cast("float64") if window.how == "count" else value


def _of_purchases(pairs: Table, window: Window) -> Value:
    """The window of a day, put together from the purchases that lie in it."""
    column = as_float(pairs[window.column]) if window.how == "sum" else pairs[window.column]
    value = getattr(column, window.how)(where=_inside(pairs, window))
    return value.cast("int32") if window.how == "count" else value


def _of_days(pairs: Table, window: Window) -> Value:
    """The window of a day, put together from the days that lie in it."""
    how = "sum" if window.how == "count" else window.how
    value = getattr(pairs[_cell(window)], how)(where=_inside(pairs, window))
    return value.coalesce(ibis.literal(0.0)).cast("int32") if window.how == "count" else value


def _inside(pairs: Table, window: Window) -> BooleanValue:
    day = cast("NumericValue", pairs["day"])
    return day.between(pairs["asked_day"] + window.first, pairs["asked_day"] + window.last)
