"""Which column of a foreign ledger holds what, and in which form: declared in a TOML file (docs/mapping.md)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from model_code.etl.amounts import Decimal
from model_code.features.fields import FIELDS
from model_code.features.own import PREFIX, Own
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold

SET_ASIDE = 0.05
"""The share of a ledger's rows that may be set aside unless the mapping says otherwise."""
ALL = "all"
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_OWN = frozenset(name for name, declared in FIELDS.items() if declared.required) | {"office", "mcc"}
"""What a ledger under Atoll's own names has: one without offices or codes says so in a mapping."""


class Rate(NamedTuple):
    """From `effective` on (inclusive), one unit of `currency` is `rate` units of the ledger's."""

    currency: str
    effective: date
    rate: float


class Refunds(NamedTuple):
    """How refunds are told: by these words (casefolded) of a column, or, without words, by its amounts."""

    column: str
    words: frozenset[str]


class Acknowledged(NamedTuple):
    """A warning that people have looked at: for one file (its sha256) or for the days from `first` to `last`."""

    warning: str
    file: str
    first: date | None
    last: date | None
    why: str


@dataclass(frozen=True)
class Form:
    """How a file is written, where its own bytes don't say."""

    separator: str | None = None
    encoding: str | None = None
    decimal: Decimal | None = None
    backslashes: bool = False
    quotes: bool = True
    header_line: int | None = None
    column_names: tuple[str, ...] = ()
    sheet: str | None = None


@dataclass(frozen=True)
class ColumnMapping:
    """How a ledger's columns become Atoll's fields. Without arguments: Atoll's own schema, in USD."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {name: (name,) for name in FIELDS})
    """Field to the column's name; of several names, the first that a file has counts."""
    constants: Mapping[str, str] = field(default_factory=dict)
    currency: str = "USD"
    date_formats: Sequence[str] = ()
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE
    """None for another currency than USD unless declared: then there are no features of them."""
    rates: Sequence[Rate] = ()
    spending: Literal["positive", "negative"] = "positive"
    refunds: Refunds | None = None
    label_words: Mapping[str, str] = field(default_factory=dict)
    """Words (casefolded) of the column of `label`, with `1`, `0` or nothing."""
    fill_down: tuple[str, ...] = ()
    """Fields whose blanks take the value above."""
    ids: str | tuple[str, ...] = ""
    """Columns that make an id together, or `digest`, or `number`; empty: the column of transaction_id."""
    add_lines: bool = False
    blank: frozenset[str] = frozenset()
    fiscal_year_starts: int = 10
    limits: Mapping[str, float] = field(default_factory=dict)
    acknowledged: Sequence[Acknowledged] = ()
    own_names: bool = False
    """Whether columns aren't declared, but have Atoll's own names."""
    form: Form = Form()
    own: Own = field(default_factory=Own)
    """The agency's own columns (in `columns` by their `column`) and features."""

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Where in a row each field stands that the header has a column for."""
        found = {name: _place(header, names) for name, names in self.columns.items()}
        return {name: place for name, place in found.items() if place is not None}

    def id_places(self, header: Sequence[str]) -> list[int]:
        """Where the columns stand that make an id together."""
        names = self.ids if isinstance(self.ids, tuple) else ()
        return [place for name in names if (place := _place(header, (name,))) is not None]

    def missing(self, header: Sequence[str], *, declared: bool) -> list[str]:
        """Columns that the header lacks: all that are declared, or only those that a ledger can't do without."""
        every = declared and not self.own_names
        wanted = {
            name: names for name, names in self.columns.items() if every or name in _OWN or name.startswith(PREFIX)
        }
        lacking = [" or ".join(names) for name, names in wanted.items() if _place(header, names) is None]
        several = (*(self.ids if isinstance(self.ids, tuple) else ()), *([self.refunds.column] if self.refunds else []))
        return lacking + [name for name in several if _place(header, (name,)) is None]

    def refunds_place(self, header: Sequence[str]) -> int | None:
        """Where the column stands that tells refunds."""
        return _place(header, (self.refunds.column,)) if self.refunds else None

    def has(self, name: str) -> bool:
        """Whether the ledger knows this field at all: it has a column for it, or one value for every row."""
        return name in self.columns or bool(self.constants.get(name))

    @property
    def carried(self) -> tuple[str, ...]:
        """What each row carries: Atoll's fields and the agency's own columns."""
        return (*FIELDS, *(each.column for each in self.own.columns))

    @property
    def own_ids(self) -> bool:
        """Whether rows bring ids of which each is a row's, and none is made."""
        return not self.add_lines and self.ids not in ("digest", "number")

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that amounts may be written in."""
        return tuple(dict.fromkeys([self.currency, *(rate.currency for rate in self.rates)]))


def plain(name: str) -> str:
    """A column's name as it is compared: capitals, spaces and signs that nobody sees don't count."""
    return " ".join(unseen(name).split()).casefold()


def unseen(text: str) -> str:
    """A text without signs that nobody sees: a file's mark in its midst, marks of writing direction."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def _place(header: Sequence[str], names: Sequence[str]) -> int | None:
    """The first name that the header has: exactly, else but for capitals and spaces."""
    for name in names:
        if name in header:
            return header.index(name)
    lowered = [plain(name) for name in header]
    return next((lowered.index(plain(name)) for name in names if plain(name) in lowered), None)
