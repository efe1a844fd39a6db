"""One scored purchase as sentences read it: fields, features turned back, and facts of what it is compared with."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from model_code.scoring.groups import FIRST, LARGEST, LAST, LOGS, NUMBER, VENDOR_LONG, Fact, Group
from model_code.scoring.values import EPOCH, money, month, purchases, times, turned_back

LOG_UNIT = 10_000
"""Facts sum logarithms in whole units of so many to one, as features do."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """What all purchases of one scoring share: first and last day known, limits by their first day, the meanings."""

    history_from: date
    until: date
    limits: Sequence[tuple[date, float]]
    meanings: Mapping[str, Mapping[str, str]]
    own: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    """What the agency's own features are of (`model_code.scoring.own`)."""


@dataclasses.dataclass(frozen=True)
class Purchase:
    """A row of what `etl --score` left."""

    row: Mapping[str, Any]
    setting: Setting

    @property
    def amount(self) -> str:
        """Its amount with the currency."""
        size = money(abs(self.row["amount"]), self.row["currency"])
        return f"a refund of {size}" if self.row["amount"] < 0 else size

    @property
    def day(self) -> int:
        """Its day's number."""
        return (self.row["transaction_date"] - EPOCH).days

    def feature(self, name: str) -> float:
        """A feature's value, without logarithms."""
        return turned_back(self.row[name], self.setting.meanings[name]["stored"])

    def fact(self, group: Group, fact: Fact) -> float:
        """A fact of a group; 0 where the group is empty."""
        value = self.row[group.column(fact)]
        return 0.0 if value is None or math.isnan(value) else float(value)

    def number(self, group: Group) -> int:
        """How many purchases the group has."""
        return int(self.fact(group, NUMBER))

    def since(self, group: Group) -> str:
        """The month of the group's first purchase; of an empty one that from which on one would have been seen."""
        if self.number(group):
            return month(self.row[group.column(FIRST)])
        return self.seen_since(group.days)

    def seen_since(self, days: int) -> str:
        """The month from which on purchases of the `days` before are known."""
        return month(max(self.day - days, (self.setting.history_from - EPOCH).days))

    def last(self, group: Group) -> float:
        """The day's number of the group's last purchase."""
        return self.fact(group, LAST)

    def against_usual(self, group: Group) -> str:
        """The amount against the group's usual one: the geometric mean, which no single large one moves much.

        Of a purchase of no office it is told against the vendor's.
        """
        if group.by == ("office",) and not self.row["office"]:
            group = VENDOR_LONG
        if not (number := self.number(group)):
            return self.first_of(group)
        usual = math.expm1(self.fact(group, LOGS) / number / LOG_UNIT)
        return (
            f"{self.amount}, {self._ratio(usual)} the usual purchase {group.words} since {self.since(group)} "
            f"({money(usual, self.row['currency'])} over {purchases(number)})"
        )

    def against_largest(self, group: Group) -> str:
        """The amount against the group's largest one."""
        if not (number := self.number(group)):
            return self.first_of(group)
        largest = math.expm1(self.fact(group, LARGEST) / LOG_UNIT)
        return (
            f"{self.amount}, {self._ratio(largest)} the largest purchase {group.words} since {self.since(group)} "
            f"({money(largest, self.row['currency'])} among {purchases(number)})"
        )

    def first_of(self, group: Group) -> str:
        """There is nothing to compare with, and that says something: of the vendor, whether anybody bought there."""
        if "merchant" in group.by and not self.number(VENDOR_LONG):
            return f"{self.amount}, the first purchase by anyone at this vendor since {self.since(VENDOR_LONG)}"
        return f"{self.amount}, the first purchase {group.words} since {self.since(group)}"

    def _ratio(self, other: float) -> str:
        return times(abs(self.row["amount"]) / max(other, 0.01))
