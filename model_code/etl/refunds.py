"""Refunds that an amount's own sign doesn't tell: read by what a column beside it says, or noticed."""

from collections.abc import Sequence

from model_code.etl.amounts import parse_amount
from model_code.etl.mapping import ColumnMapping
from model_code.etl.raw import RawRow
from model_code.etl.shapes import Shape
from model_code.etl.texts import SIGNS_BESIDE, Seen

_CREDIT = frozenset({"c", "cr", "credit", "refund", "return", "reversal", "k", "h", "haben"})
_DEBIT = frozenset({"d", "dr", "db", "debit", "purchase", "sale", "charge", "payment", "s", "soll"})


def signed_amounts(columns: Sequence[Sequence[str]], shape: Shape, mapping: ColumnMapping) -> list[str]:
    """The amounts' texts, those of refunds with a minus; one that has a sign of its own keeps it.

    A purchase and a refund in one row is no amount.
    """
    refunds, place = mapping.refunds, shape.refunds_place
    amounts = [text.strip() for text in columns[shape.places["amount"]]]
    if refunds is None or place is None:
        return amounts
    beside = [text.strip() for text in columns[place]]

    def worth(text: str) -> float:
        return parse_amount(text, mapping.form.decimal or ".", mapping.currencies) or 0.0

    def minus(text: str) -> str:
        return text if worth(text) < 0 or not text else f"-{text}"

    if refunds.words:
        told = zip(amounts, beside, strict=True)
        return [minus(amount) if word.casefold() in refunds.words else amount for amount, word in told]
    return [
        minus(refund) if worth(refund) and not worth(amount) else f"{amount} {refund}" if worth(refund) else amount
        for amount, refund in zip(amounts, beside, strict=True)
    ]


def signs_beside(rows: Sequence[RawRow], shape: Shape, mapping: ColumnMapping) -> dict[str, Seen]:
    """A column that no field needs and that holds words for debit and credit alone: the first refund's line, its name.

    Whether amounts have signs of their own is seen elsewhere.
    """
    taken = {*shape.places.values(), *shape.id_places}
    if mapping.refunds or not rows:
        return {}
    for place in (place for place in range(shape.width) if place not in taken):
        words = [row.values[place].strip().casefold() if place < len(row.values) else "" for row in rows]
        known = set(words) - {""}
        if known & _CREDIT and known & _DEBIT and known <= _CREDIT | _DEBIT:
            refunds = [row.line for row, word in zip(rows, words, strict=True) if word in _CREDIT]
            return {SIGNS_BESIDE: Seen(len(refunds), refunds[0], shape.header[place])}
    return {}
