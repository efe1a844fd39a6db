"""What a purchase is compared with in words: the purchases of an office, at a vendor, by a card, before its own day.

`etl --score` computes these facts beside the features, from the same windows; sentences read them by name.
"""

from typing import Literal, NamedTuple, TypeAlias

YEARS = 3 * 365
HALF_YEAR, QUARTER = 180, 90


How: TypeAlias = Literal["count", "sum", "max", "min"]
Fact: TypeAlias = tuple[How, str]
NUMBER: Fact = ("count", "day")
LOGS: Fact = ("sum", "log_amount")
LARGEST: Fact = ("max", "log_amount")
FIRST: Fact = ("min", "day")
LAST: Fact = ("max", "day")
WEEKENDS: Fact = ("sum", "weekend")
"""How many were made at weekends."""


class Group(NamedTuple):
    """Purchases with the same `by`, of the `days` before a purchase's own; `words` follow "purchase"."""

    by: tuple[str, ...]
    days: int
    words: str

    def column(self, fact: Fact) -> str:
        """The name of the column that holds a fact of the group: that of its window."""
        return "_".join([*fact, *self.by, str(-self.days), "-1"])


OFFICE = Group(("office",), HALF_YEAR, "of this office")
OFFICE_LONG = Group(("office",), YEARS, "of this office")
OFFICE_CODE = Group(("office", "mcc"), YEARS, "of this office under this category code")
HERE = Group(("office", "merchant"), YEARS, "of this office at this vendor")
CARD = Group(("card",), QUARTER, "by this card")
PAIR = Group(("card", "merchant"), QUARTER, "by this card at this vendor")
VENDOR = Group(("merchant",), HALF_YEAR, "at this vendor")
VENDOR_LONG = Group(("merchant",), YEARS, "at this vendor")
CODE = Group(("mcc",), QUARTER, "under this category code")
SAME_HERE = Group(("office", "merchant", "cents"), QUARTER, "of this office at this vendor")
SAME_PAIR = Group(("card", "merchant", "cents"), QUARTER, "by this card at this vendor")
SAME_VENDOR = Group(("merchant", "cents"), QUARTER, "at this vendor")
CENTRE = Group(("cost_centre",), HALF_YEAR, "of this cost centre")

FACTS: dict[Group, tuple[Fact, ...]] = {
    **dict.fromkeys((CARD, PAIR, VENDOR, CODE, CENTRE), (NUMBER, LOGS, LARGEST, FIRST)),
    **dict.fromkeys((HERE, VENDOR_LONG), (NUMBER, LOGS, LARGEST, FIRST, LAST)),
    OFFICE: (NUMBER, LOGS, LARGEST, FIRST, WEEKENDS),
    OFFICE_LONG: (NUMBER, FIRST),
    OFFICE_CODE: (NUMBER,),
    **dict.fromkeys((SAME_HERE, SAME_PAIR, SAME_VENDOR), (NUMBER, LAST)),
}
"""Which facts are computed of each group."""
