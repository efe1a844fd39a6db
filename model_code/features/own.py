"""An agency's own columns and features: declared in a mapping, computed as Atoll's are (docs/your-features.md)."""

from functools import reduce
from operator import or_
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import ibis
from ibis.expr.types import NumericValue, StringValue, Table, Value

from model_code.features.feature import COMMON, Feature
from model_code.features.fields import ALONE, FIELDS, Moment
from model_code.features.trailing import (
    LOG_UNIT,
    above_largest,
    days_since,
    number,
    share_within,
    spend,
    unusual,
)
from model_code.features.units import DAYS, QUANTITY
from model_code.features.windows import Expression, Window, found, nearest, own

Kind: TypeAlias = Literal["number", "category", "text", "date"]
What: TypeAlias = Literal["value", "words", "number", "days_since", "share", "sum", "unusual", "above_largest"]
AMOUNT = "amount"
PREFIX = "own_"
OWNERS = {
    "card": "by the card",
    "office": "of the office",
    "merchant": "at the vendor",
    "mcc": "under the category code",
    "agency": "of the agency",
}
"""Atoll's fields that purchases may be grouped by, and how that reads."""


class OwnColumn(NamedTuple):
    """A column that Atoll's schema lacks; `meaning` is what people call it."""

    name: str
    kind: Kind
    known_at: Moment
    meaning: str

    @property
    def column(self) -> str:
        """What it is called beside Atoll's fields."""
        return f"{PREFIX}{self.name}"

    @property
    def key(self) -> str:
        """What purchases are grouped by: the column, where a blank is a group of its own."""
        return f"{self.column}_key"

    def __str__(self) -> str:
        """As a manifest has it."""
        return f"{self.kind}, known at {self.known_at.name.lower()}"


class OwnFeature(NamedTuple):
    """A feature as it is declared: `what` of a column, over the purchases of the `days` before with the same `by`."""

    name: str
    what: What
    of: str
    by: tuple[str, ...]
    days: int
    words: tuple[str, ...]
    odd: str
    meaning: str

    @property
    def bounded(self) -> bool:
        """Whether it is a share that is odd where it is low: one that is common says as much as any larger one."""
        return self.what == "share" and self.odd == "low"

    def __str__(self) -> str:
        """As a manifest has it: all that its values depend on."""
        parts = [
            self.what,
            f"of {self.of}" if self.of else "",
            f"by {' and '.join(self.by)}" if self.by else "",
            f"{self.days} days" if self.days else "",
            f"words {' or '.join(self.words)}" if self.words else "",
            f"odd if {self.odd}" if self.odd else "",
        ]
        return ", ".join(filter(None, parts))


class Own(NamedTuple):
    """All that an agency declares."""

    columns: tuple[OwnColumn, ...] = ()
    features: tuple[OwnFeature, ...] = ()

    def column(self, name: str) -> OwnColumn | None:
        """The column of this name, if it is an own one."""
        return next((each for each in self.columns if each.name == name), None)

    def key(self, name: str) -> str:
        """What purchases are grouped by."""
        mine = self.column(name)
        return mine.key if mine else name

    def keys(self, feature: OwnFeature) -> tuple[str, ...]:
        """What a feature's purchases are grouped by."""
        return tuple(map(self.key, feature.by))

    def group(self, feature: OwnFeature) -> str:
        """How a feature's group reads: `of the office with the same pay grade`."""
        return " ".join(self._owner(name) for name in feature.by)

    @property
    def made(self) -> tuple[Feature, ...]:
        """The declared features as a view has them; of their fields, Atoll's."""
        return tuple(
            Feature(
                each.name,
                each.meaning,
                tuple(name for name in ("transaction_date", each.of, *each.by) if name in FIELDS),
                expression_of(each, self),
                each.odd,
            )
            for each in self.features
        )

    @property
    def described(self) -> dict[str, dict[str, Any]]:
        """By feature, what `model_code.scoring.own` tells reasons from."""
        return {each.name: self._described(each) for each in self.features}

    def _described(self, feature: OwnFeature) -> dict[str, Any]:
        mine, owners = self.column(feature.of), [self.column(name) for name in feature.by]
        return {
            "what": feature.what,
            "of": feature.of,
            "column": mine.column if mine else feature.of,
            "called": mine.meaning if mine else feature.of,
            "by": list(self.keys(feature)),
            "owners": {owner.key: owner.meaning for owner in owners if owner},
            "days": feature.days,
            "words": list(feature.words),
        }

    def _owner(self, name: str) -> str:
        mine = self.column(name)
        return f"with the same {mine.meaning}" if mine else OWNERS[name]


def with_own(table: Table, columns: tuple[OwnColumn, ...]) -> Table:
    """The table with what the own columns' features read: keys, sizes in hundredths, logarithms in whole units."""
    made: dict[str, Value] = {}
    for each in columns:
        if each.kind == "number":
            made |= _sizes(each.column, cast("NumericValue", table[each.column]))
        elif each.kind == "date":
            made[f"{each.column}_day"] = table[each.column].cast("date").epoch_days().cast("int32")
        else:
            alone = cast("StringValue", ibis.literal(ALONE)) + cast("StringValue", table["transaction_id"])
            made[each.key] = table[each.column].nullif(ibis.literal("")).coalesce(alone)
    return table.mutate(**made) if made else table


def _sizes(name: str, value: NumericValue) -> dict[str, Value]:
    hundredths = nearest(value.abs() * 100)
    log = cast("NumericValue", nearest((1 + hundredths / 100).ln() * LOG_UNIT) * value.sign().cast("int64"))
    return {f"{name}_size": hundredths, f"{name}_log": log, f"{name}_log_squared": log * log}


def expression_of(feature: OwnFeature, declared: Own) -> Expression:
    """How a declared feature is computed."""
    by, days = declared.keys(feature), feature.days
    mine = declared.column(feature.of)
    column = mine.column if mine else feature.of
    log, size = (f"{column}_log", f"{column}_size") if mine else ("log_amount", "size")
    made = {
        "value": lambda: _value(column, date=bool(mine and mine.kind == "date")),
        "words": lambda: own(lambda table: _says(table[column], feature.words)),
        "number": lambda: number(*by, days=days),
        "days_since": lambda: days_since(*by, days=days),
        "share": lambda: share_within((*by, column), by, days=days, most=COMMON if feature.bounded else None),
        "sum": lambda: spend(*by, days=days) if not mine else _total(size, by, days),
        "unusual": lambda: unusual(*by, days=days, column=log),
        "above_largest": lambda: above_largest(*by, days=days, column=log),
    }
    return made[feature.what]()


def _value(column: str, *, date: bool) -> Expression:
    """The number itself, or the days since a date; missing where the ledger has none."""
    if date:
        return own(lambda table: cast("NumericValue", table["day"]) - table[f"{column}_day"], DAYS)
    return own(lambda table: table[column], QUANTITY)


def _says(value: Value, words: tuple[str, ...]) -> Value:
    """Whether any of the words stands there; a blank says nothing."""
    said = reduce(or_, [cast("StringValue", value).contains(word) for word in words])
    return cast("Value", said).coalesce(ibis.literal(value=False)).cast("int64")


def _total(size: str, by: tuple[str, ...], days: int) -> Expression:
    """The sum of a number's sizes (a log: ln(1 + sum))."""
    window = Window("sum", size, by, -days, -1)
    unit = QUANTITY._replace(stored="ln(1 + x)")
    return Expression((window,), lambda table: (1 + found(table, window) / 100).ln(), unit)
