"""What features need of other purchases: aggregates over days, declared once.

Days are relative to a purchase's own: `first` = -7, `last` = -1 are the seven days before it, without its own day.
Sums run over whole numbers held as doubles, exact below 2**53, so that neither the order of rows nor the number of
threads or machines can change one.
"""

from collections.abc import Callable, Iterable
from itertools import count, groupby
from typing import Literal, NamedTuple, TypeAlias, cast

import ibis
from ibis.backends import BaseBackend
from ibis.expr.types import IntegerValue, NumericValue, Table, Value

from model_code.features.units import YES_OR_NO, Unit

Keep: TypeAlias = Callable[[Table], Table]
"""Holds on to a table that is read more than once or would need much memory: Spark's, or `keeping`'s."""


class Window(NamedTuple):
    """`how` over `column` of the purchases with the same `by`, from day `first` to day `last`, both inclusive."""

    how: Literal["count", "sum", "min", "max"]
    column: str
    by: tuple[str, ...]
    first: int
    last: int

    @property
    def name(self) -> str:
        """The column that holds it."""
        return "_".join([self.how, self.column, *self.by, str(self.first), str(self.last)])

    def over(self, table: Table) -> Value:
        """Computed for each row of a table with the columns `by`, `column` and `day`."""
        frame = ibis.window(group_by=list(self.by), order_by="day").range(self.first, self.last)
        column = as_float(table[self.column]) if self.how == "sum" else table[self.column]
        value = getattr(column, self.how)().over(frame)
        # Half of the windows count, and many of their results are held at a time.
        return value.cast("int32") if self.how == "count" else value


class Expression(NamedTuple):
    """A number about a purchase: the windows it needs, the formula over a table that has them as columns, its unit."""

    windows: tuple[Window, ...]
    formula: Callable[[Table], Value]
    unit: Unit


def own(formula: Callable[[Table], Value], unit: Unit = YES_OR_NO) -> Expression:
    """A number about the purchase alone."""
    return Expression((), formula, unit)


def as_float(value: Value) -> NumericValue:
    """The value as a double; Ibis' own types can't say so."""
    return cast("NumericValue", value.cast("float64"))


def nearest(value: Value) -> IntegerValue:
    """The nearest whole number, a half upwards: engines' own `round` disagree on halves and on how near one is."""
    return cast("IntegerValue", (as_float(value) + 0.5).floor().cast("int64"))


def or_else(value: Value, default: float) -> NumericValue:
    """The value, or the default where it is missing."""
    return cast("NumericValue", value.coalesce(ibis.literal(default)))


def found(table: Table, window: Window) -> NumericValue:
    """A count or sum as a double; 0 where the window holds nothing."""
    return or_else(as_float(table[window.name]), 0.0)


def by_first_key(windows: Iterable[Window]) -> dict[str, list[Window]]:
    """The distinct windows whose keys begin with the same one, most keys first.

    An engine carries what it has computed through the sorts that follow; few windows have many keys.
    """
    ordered = sorted(set(windows), key=lambda window: (window.by[0], -len(window.by), window))
    return {first: list(group) for first, group in groupby(ordered, key=lambda window: window.by[0])}


def keeping(database: BaseBackend) -> Keep:
    """What keeps tables in a DuckDB: in order of `row`, so that who asks for some rows reads a part of a table."""
    numbers = count()

    def keep(table: Table) -> Table:
        ordered = table.order_by("row") if "row" in table.columns else table
        return database.create_table(f"kept_{next(numbers)}", ordered)

    return keep


def with_windows(table: Table, windows: Iterable[Window], keep: Keep) -> Table:
    """Adds the windows as columns to a table with unique `row`, in which whole numbers stand for texts (`coded`).

    Windows whose keys begin alike are computed together, from their own columns alone; the results are joined.
    """
    wide = table
    for group in by_first_key(windows).values():
        columns = dict.fromkeys(["row", "day", *(name for window in group for name in (*window.by, window.column))])
        narrow = table.select(list(columns))
        values = narrow.select("row", **{window.name: window.over(narrow) for window in group})
        wide = wide.join(keep(values), "row")
    return wide


def coded(table: Table, names: Iterable[str], keep: Keep) -> Table:
    """The table with a whole number in place of each text of the columns `names`: what is sorted often is then small.

    Which number stands for which text is arbitrary; a missing text counts as an empty one.
    """
    for name in names:
        filled = table.mutate(**{name: table[name].fill_null("")})
        texts = filled.select(text=filled[name]).distinct()
        codes = keep(texts.mutate(code=ibis.row_number().cast("int32")))
        table = filled.join(codes, filled[name] == codes["text"]).drop(name, "text").rename({name: "code"})
    return table
