"""Windows of a few purchases among many: only those that share keys with them are read, summed up by keys and day.

Each value is bit-equal to that of `with_windows` over all: counts, sums of whole numbers, the least and the largest
are the same whether single purchases or days of them are put together.
"""

from collections.abc import Iterable
from functools import reduce
from itertools import groupby
from typing import cast

import ibis
from ibis.expr.types import NumericValue, Table, Value

from model_code.features.windows import Keep, Window, as_float


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
    near = in_reach.semi_join(asked.select(*by).distinct(), by).select(*columns)
    both = near.union(asked.select(*columns))
    cells = both.group_by([*by, "day"]).agg(**{_cell(each): _summed(both, each) for each in windows})
    wanted = asked.select(*by, asked_day=asked["day"]).distinct()
    pairs = cells.join(wanted, list(by))
    values = pairs.group_by([*by, "asked_day"]).agg(**{each.name: _within(pairs, each) for each in windows})
    here = [*(asked[name] == values[name] for name in by), asked["day"] == values["asked_day"]]
    return keep(asked.join(values, here).select(asked["row"], *(values[each.name] for each in windows)))


def _cell(window: Window) -> str:
    return f"{window.how} {window.column}"


def _summed(table: Table, window: Window) -> Value:
    """What a window needs of the purchases of one day."""
    column = as_float(table[window.column]) if window.how == "sum" else table[window.column]
    value = getattr(column, window.how)()
    return value.cast("float64") if window.how == "count" else value


def _within(pairs: Table, window: Window) -> Value:
    """The window of a day, put together from the days that lie in it."""
    day = cast("NumericValue", pairs["day"])
    inside = day.between(pairs["asked_day"] + window.first, pairs["asked_day"] + window.last)
    how = "sum" if window.how == "count" else window.how
    value = getattr(pairs[_cell(window)], how)(where=inside)
    return value.coalesce(ibis.literal(0.0)).cast("int32") if window.how == "count" else value
