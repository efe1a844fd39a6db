"""What the texts of some rows tell about a whole ledger: decimal signs, orders of day and month, what is odd."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

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
    }
)
NAMED = ("transaction_id", "office", "card", "merchant")
"""Fields in which a word for nothing would count as somebody's name."""
UNREADABLE_CODE, UNREVIEWED, NO_ID = "unreadable code", "not reviewed", "no id"
TWO_ORDERS, OTHER_ORDER, NOTHING, DAMAGED = "two orders", "other order", "word for nothing", "damaged id"
_DAMAGED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,3}", re.ASCII)
_DIGITS = re.compile(r"\d(?:[ -]?\d){8,}")
_SHOWN = 30


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
    if mapping.date_formats:
        _note(found, texts["transaction_date"], lambda text: _orders(text, mapping))
    for name in NAMED:
        _note(found, texts[name], lambda text: [NOTHING] if text.casefold() in WORDS_FOR_NOTHING else [])
    for name in ("transaction_id", "card"):
        _note(found, texts[name], lambda text: [DAMAGED] if _DAMAGED.fullmatch(text) else [])
    return found


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
