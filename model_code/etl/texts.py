"""What the texts of some rows tell about a whole ledger: decimal signs, orders of day and month, what is odd."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from model_code.etl.amounts import decimal_mark
from model_code.etl.dates import parse_date, readings, swapped
from model_code.etl.mapping import ColumnMapping

WORDS_FOR_NOTHING = frozenset(
    {
        "null",
        "n/a",
        "na",
        "#n/a",
        "nan",
        "none",
        "nil",
        "-",
        "--",
        ".",
        "?",
        "unknown",
        "tbc",
        "tba",
        "(blank)",
        "missing",
        "<na>",
        "nat",
        "withheld",
        "confidential",
    }
)
NAMED = ("transaction_id", "office", "card", "merchant")
"""Fields in which a word for nothing would count as somebody's name."""
UNREADABLE_CODE, UNREVIEWED, NO_ID = "unreadable code", "not reviewed", "no id"
TWO_ORDERS, OTHER_ORDER, NOTHING, DAMAGED = "two orders", "other order", "word for nothing", "damaged id"
SIGNS_BESIDE, BLANK_OFFICE, UTF8_LETTERS = "signs beside", "blank office", "letters of UTF-8"
HALF_MARKED = "half a pair of marks"
CENTS, THREE_DECIMALS = "two decimals", "three decimals"
EARLY_DAYS, LATE_DAYS = (
    ("early day of the program", "early day as text"),
    ("late day of the program", "late day as text"),
)
"""Days up to the 12th and beyond, as a program's own (ISO) and as texts: one of a month can be a month as well."""
_REDACTED = "redact"
_DAMAGED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,3}", re.ASCII)
_DIGITS = re.compile(r"\d(?:[ -]?\d){8,}")
_SHOWN = 30
_MONTHS = 12


@dataclass(frozen=True)
class Seen:
    """How many rows have something, and the first of them: its line, and its text with letters masked."""

    rows: int
    line: int
    text: str

    def with_more(self, other: "Seen") -> "Seen":
        """The same of more rows; this one's stand first."""
        return Seen(self.rows + other.rows, self.line, self.text)


def masked(text: str) -> str:
    """A text as a message may show it: no letters, so no names, and no long numbers, so no cards."""
    shown = re.sub(r"[^\W\d_]", "x", " ".join(text.split()))
    shown = _DIGITS.sub(lambda long: "#" * len(long[0]), shown)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def tell(texts: pd.DataFrame, mapping: ColumnMapping) -> dict[str, Seen]:
    """What is noteworthy in the stripped texts of some rows (index: lines)."""
    found: dict[str, Seen] = {}
    if mapping.form.decimal is None:
        _note(found, texts["amount"], lambda text: [mark] if (mark := decimal_mark(text)) else [])
    else:
        _note(found, texts["amount"], partial(_decimals, decimal=mapping.form.decimal))
    if mapping.date_formats:
        _note(found, texts["transaction_date"], lambda text: [*_orders(text, mapping), *_early_or_late(text, mapping)])
    for name in NAMED:
        _note(found, texts[name], lambda text: [NOTHING] if _is_nothing(text) else [])
    for name in ("transaction_id", "card"):
        _note(found, texts[name], lambda text: [DAMAGED] if _DAMAGED.fullmatch(text) else [])
    return found


def _is_nothing(text: str) -> bool:
    word = text.casefold()
    return word in WORDS_FOR_NOTHING or word.startswith(_REDACTED)


def _decimals(text: str, decimal: str) -> list[str]:
    """Whether an amount has three decimals, which could be thousands under the other sign, or as many as cents have."""
    whole, _, rest = re.sub(r"[^\d.,]", "", text, flags=re.ASCII).rpartition(decimal)
    if len(rest) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole, re.ASCII):  # noqa: PLR2004 (a group of thousands)
        return [THREE_DECIMALS]
    return [CENTS] if whole and len(rest) in {1, 2} else []


def _early_or_late(text: str, mapping: ColumnMapping) -> list[str]:
    day = parse_date(text, tuple(mapping.date_formats)) if text else None
    if day is None:
        return []
    return [(EARLY_DAYS if day.day <= _MONTHS else LATE_DAYS)[parse_date(text) is None]]


def _orders(text: str, mapping: ColumnMapping) -> list[str]:
    """Whether declared forms make two days of a text, or none of them fits it but one with day and month exchanged."""
    formats = tuple(mapping.date_formats)
    if not text:
        return []
    if len(formats) > 1 and len(readings(text, formats)) > 1:
        return [TWO_ORDERS]
    if parse_date(text, formats) is None and readings(text, tuple(map(swapped, formats))):
        return [OTHER_ORDER]
    return []


def _note(found: dict[str, Seen], texts: pd.Series, ask) -> None:  # noqa: ANN001 (a function of a text)
    """Add what is said of each distinct text."""
    codes, distinct = pd.factorize(texts)
    counts = np.bincount(codes, minlength=len(distinct))
    firsts = pd.Series(texts.index).groupby(codes).first()
    for code, text in enumerate(np.asarray(distinct)):
        for what in ask(text):
            merge(found, {what: Seen(int(counts[code]), int(firsts[code]), masked(text))})


def merge(found: dict[str, Seen], more: dict[str, Seen]) -> None:
    """Add what was seen in later rows."""
    for what, seen in more.items():
        found[what] = found[what].with_more(seen) if what in found else seen


def total(parts: Iterable[dict[str, Seen]]) -> dict[str, Seen]:
    """What was seen in all of some parts."""
    found: dict[str, Seen] = {}
    for part in parts:
        merge(found, part)
    return found
