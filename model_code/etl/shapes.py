"""Rows by their shape alone: which are no purchases at all (blank, totals, remarks), and where the fields stand."""

import re
from collections.abc import Sequence

from model_code.etl.mapping import ColumnMapping, plain

BLANK = "blank row"
REMARK = "total or remark"
AGAIN = "header again"
SHIFTED = "wrong number of fields"
NO_PURCHASES = (BLANK, REMARK, AGAIN)
"""Lines that were never meant as purchases: they don't count toward the share that was set aside."""
_TOTAL = re.compile(
    r"(?:grand |sub[- ]?)?total\b.*|(?:zwischen)?summe\b.*|gesamt\b.*|totaal\b.*|somme\b.*", re.IGNORECASE
)
_WORDS = frozenset({"total", "total:", "subtotal", "sub-total", "grand total", "summe", "gesamt", "totaal", "somme"})


class Shape:
    """How rows under a header look."""

    def __init__(self, header: Sequence[str], mapping: ColumnMapping, file: str) -> None:
        """`file` is its name: a part of ids that are numbers."""
        self.header, self.width, self.file = list(header), len(header), file
        self.places = mapping.places(header)
        self.id_places = mapping.id_places(header)
        self.refunds_place = mapping.refunds_place(header)
        needed = [*self.places.values(), *self.id_places, self.refunds_place or 0]
        self._least = max(needed, default=self.width - 1) + 1
        self._filled = [self.places[name] for name in mapping.fill_down if name in self.places]
        self._numbered = mapping.ids == "number"
        self._payee, self._day = self.places.get("merchant"), self.places.get("transaction_date")
        self._names = [plain(name) for name in header]

    def misfit(self, values: list[str]) -> str | None:
        """Why a row can't be one of the ledger's; None for a row of the right shape."""
        payee, day = self._text(values, self._payee), self._text(values, self._day)
        fits = self._least <= len(values) <= self.width
        if fits and payee and day and payee.lower() not in _WORDS and plain(values[0]) != self._names[0]:
            return None
        filled = [text for value in values if (text := value.strip())]
        if not filled:
            return BLANK
        if fits and [plain(value) for value in values] == self._names[: len(values)]:
            return AGAIN
        if (len(filled) == 1 and self.width > 2) or self._is_total(filled, payee, day, fits=fits):  # noqa: PLR2004
            return REMARK
        return None if fits else SHIFTED

    def filled(self, values: list[str], above: dict[int, str]) -> list[str]:
        """A row with the blanks of `fill_down` filled from `above`, which learns what it holds."""
        for place in self._filled:
            if place < len(values) and values[place].strip():
                above[place] = values[place]
            elif place in above and place < len(values) and any(map(str.strip, values)):
                values = [*values[:place], above[place], *values[place + 1 :]]
        return values

    def ids(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> list[str]:
        """Ids by file and line, or of several columns; empty where they are to be made of the row."""
        if self._numbered:
            return [f"{self.file}:{line}" for line in lines]
        made = ([row[place].strip() for place in self.id_places] for row in rows)
        return ["/".join(parts) if any(parts) else "" for parts in made]

    @staticmethod
    def _text(values: Sequence[str], place: int | None) -> str:
        return "x" if place is None else values[place].strip() if place < len(values) else ""

    def _is_total(self, filled: list[str], payee: str, day: str, *, fits: bool) -> bool:
        if payee.lower() in _WORDS or (fits and not payee and not day):
            return True
        return not (payee and day) and any(map(_TOTAL.fullmatch, filled))
