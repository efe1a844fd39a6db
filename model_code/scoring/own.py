"""Reasons by an agency's own features, in the same words as Atoll's: how much, compared with what, since when."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from model_code.scoring.groups import FIRST, LARGEST, LAST, LOGS, NUMBER, OFFICE, YEARS, Fact, Group
from model_code.scoring.purchase import LOG_UNIT, Purchase
from model_code.scoring.values import day_of, in_days, money, purchases, quantity, times

Declared = Mapping[str, Any]
"""What a manifest's `own` says of a feature: what, of, by (the columns that it groups by), days, words, kind, called
(the meaning of what it is of), column (where that stands in a row), and `owners`: by column, what an own one is called.
"""
AMOUNT = "amount"
_WORDS = {
    "card": "by this card",
    "office": "of this office",
    "merchant": "at this vendor",
    "mcc": "under this category code",
    "agency": "of this agency",
}


def group_of(declared: Declared, words: str = "") -> Group:
    """The purchases that a feature compares with; of counts over a few days, those of three years."""
    days = YEARS if declared["what"] == "number" else declared["days"]
    return Group(tuple(declared["by"]), days, words)


def groups_of(declared: Declared) -> dict[Group, tuple[Fact, ...]]:
    """What a sentence on the feature needs to know, of which purchases."""
    same = {_same(declared): (NUMBER,)} if declared["what"] == "share" else {}
    return {group_of(declared): _facts_of(declared), **same}


def _same(declared: Declared) -> Group:
    """Those of a share's group that have the same value."""
    return Group((*declared["by"], declared["column"]), declared["days"], "")


def _facts_of(declared: Declared) -> tuple[Fact, ...]:
    if not declared["by"]:
        return ()
    if _is_amount(declared):
        return (NUMBER, LARGEST if declared["what"] == "above_largest" else LOGS, FIRST)
    return (NUMBER, FIRST, LAST, *_facts_of_number(declared))


def _facts_of_number(declared: Declared) -> tuple[Fact, ...]:
    log = f"{declared['column']}_log"
    if declared["what"] not in {"unusual", "above_largest", "sum"}:
        return ()
    return (("count", log), ("sum", log), ("max", log))


def sentence(purchase: Purchase, feature: str) -> str | None:
    """What an own feature says of a purchase; None where there is nothing to say, as of a blank."""
    declared = purchase.setting.own[feature]
    if any(not purchase.row[_shown(column)] for column in declared["by"]):
        return None
    words = " ".join(_words(purchase, declared, column) for column in declared["by"])
    said = _TELLERS[declared["what"]](_Told(purchase, declared, group_of(declared, words), feature))
    return said and said[:1].upper() + said[1:]


def _shown(column: str) -> str:
    """The column of a row that people know, for one that purchases are grouped by."""
    return column.removesuffix("_key")


def _words(purchase: Purchase, declared: Declared, column: str) -> str:
    if column in _WORDS:
        return _WORDS[column]
    return f"with {declared['owners'][column]} {purchase.row[_shown(column)]}"


def _is_amount(declared: Declared) -> bool:
    return declared["of"] == AMOUNT


@dataclasses.dataclass(frozen=True)
class _Told:
    """A purchase as one own feature sees it."""

    purchase: Purchase
    declared: Declared
    group: Group
    feature: str

    @property
    def number(self) -> float:
        """The feature's value, without logarithms."""
        return self.purchase.feature(self.feature)

    @property
    def known(self) -> int:
        """How many purchases the group has."""
        return self.purchase.number(self.group)

    @property
    def since(self) -> str:
        """Since when."""
        return self.purchase.since(self.group)

    @property
    def own(self) -> Any:  # noqa: ANN401 (a number, a day or words)
        """What stands in the own column; None where it is blank."""
        value = self.purchase.row[self.declared["column"]]
        return None if value is None or value == "" or value != value else value  # noqa: PLR0124 (no number)

    @property
    def first(self) -> str:
        """There is nothing to compare with."""
        return self.purchase.first_of(self.group)

    def value(self) -> str | None:
        """A number or a day, by itself."""
        if self.own is None:
            return None
        said, office = self.declared["called"], self.purchase.against_usual(OFFICE)
        if isinstance(self.own, date):
            where = f"{in_days(abs(self.number))} {'before' if self.number >= 0 else 'after'} this purchase"
            return f"{said} {self.own:%Y-%m-%d}, {where}; {office}"
        return f"{said} {quantity(self.own)}; {office}"

    def words(self) -> str | None:
        """A word that stands there."""
        said = [word for word in self.declared["words"] if word in (self.own or "")]
        office = self.purchase.against_usual(OFFICE)
        return f"the {self.declared['called']} says {said[0]}; {office}" if said else None

    def count(self) -> str:
        """How many purchases of late."""
        if not self.known:
            return self.first
        recent, days = purchases(self.number), self.declared["days"]
        return f"{recent} {self.group.words} in the {days} days before; {purchases(self.known)} since {self.since}"

    def days_since(self) -> str:
        """How long ago the last one was."""
        if not self.known:
            return self.first
        last = self.purchase.last(self.group)
        return (
            f"{self.purchase.amount}, {in_days(self.purchase.day - last)} after the last purchase {self.group.words}, "
            f"on {day_of(last)} ({purchases(self.known)} since {self.since})"
        )

    def share(self) -> str:
        """How many of the others have the same."""
        if not self.known:
            return self.first
        others = self.purchase.number(_same(self.declared))
        return (
            f"{self.declared['called']} {self.own or 'blank'}: {others:,} of the {purchases(self.known)} "
            f"{self.group.words} since {self.since} had it"
        )

    def sum(self) -> str:
        """How much of late, all together."""
        days = self.declared["days"]
        if _is_amount(self.declared):
            spent, usual = money(self.number, self.purchase.row["currency"]), self.purchase.against_usual(self.group)
            return f"{spent} spent {self.group.words} in the {days} days before; this is {usual}"
        return (
            f"{self.declared['called']} {quantity(self.number)} in all {self.group.words} in the {days} days before; "
            f"{self.against(largest=False)}"
        )

    def unusual(self) -> str:
        """Against the usual one."""
        if _is_amount(self.declared):
            return self.purchase.against_usual(self.group)
        return self.against(largest=False)

    def above_largest(self) -> str:
        """Against the largest one."""
        if _is_amount(self.declared):
            return self.purchase.against_largest(self.group)
        return self.against(largest=True)

    def against(self, *, largest: bool) -> str:
        """An own number against the usual or the largest one of the group."""
        log, called = f"{self.declared['column']}_log", self.declared["called"]
        known, mine = int(self.purchase.fact(self.group, ("count", log))), self.own
        if not known or mine is None:
            said = "not said" if mine is None else quantity(mine)
            return f"{called} {said}; {known or 'none'} known {self.group.words} since {self.since}"
        how = ("max", log) if largest else ("sum", log)
        logs = self.purchase.fact(self.group, how) / (1 if largest else known)
        other = math.copysign(math.expm1(abs(logs) / LOG_UNIT), logs)
        ratio = f"{times(abs(mine) / abs(other))} " if abs(other) >= 0.01 else "against "  # noqa: PLR2004 (a hundredth)
        return (
            f"{called} {quantity(mine)}, {ratio}the {'largest' if largest else 'usual'} one {self.group.words} since "
            f"{self.since} ({quantity(other)} over {purchases(known)})"
        )


_TELLERS: Mapping[str, Callable[[_Told], str | None]] = {
    "value": _Told.value,
    "words": _Told.words,
    "number": _Told.count,
    "days_since": _Told.days_since,
    "share": _Told.share,
    "sum": _Told.sum,
    "unusual": _Told.unusual,
    "above_largest": _Told.above_largest,
}
