"""What a feature is: a number about a purchase that people can read, too."""

from typing import NamedTuple

from model_code.features.fields import FIELDS, Moment
from model_code.features.windows import Expression

LONG = 3 * 365
"""Merchants sleep for years. No count looks back so far: it would drift as the ledger grows."""
COMMON = 0.05
"""Such a share makes something daily business. How much more it is tells a group's other business: few groups have few
such shares, which move as one, and that looked like drift."""


class Feature(NamedTuple):
    """One number about a purchase, and which fields of the ledger it is made from.

    `meaning` is what people read of it in documents, cards and answers; `expression.unit` says what the number counts.
    """

    name: str
    meaning: str
    fields: tuple[str, ...]
    expression: Expression
    odd: str = ""
    """Which side is odd of an agency's own feature: `high` or `low`; empty if no forest is to be cut by it."""

    @property
    def available_at(self) -> Moment:
        """The moment from which it can be computed: that of its latest field."""
        return max(FIELDS[field].available_at for field in self.fields)

    @property
    def days(self) -> int:
        """How many days it looks back; 0: at this purchase alone."""
        return max([-window.first for window in self.expression.windows], default=0)

    @property
    def ahead(self) -> int:
        """How many days it looks ahead: always 0 in the real-time view."""
        return max([window.last for window in self.expression.windows if window.last > 0], default=0)
