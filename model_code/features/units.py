"""What a feature's number counts, and how it is stored: people read the one, models the other."""

from typing import NamedTuple

AS_IT_IS, LOG, LOG_OF_MORE = "as it is", "ln(x)", "ln(1 + x)"


class Unit(NamedTuple):
    """`name` says what a number counts once what is `stored` is turned back."""

    name: str
    stored: str = AS_IT_IS


MONEY = Unit("money", LOG_OF_MORE)
"""In the ledger's currency."""
PURCHASES = Unit("purchases", LOG_OF_MORE)
DAYS = Unit("days")
SHARE = Unit("share")
TIMES = Unit("times", LOG)
SPREADS = Unit("spreads")
"""How many times the usual spread (the standard deviation of the logarithms) above the usual; below it if negative."""
QUANTITY = Unit("quantity")
"""Of whatever an agency's own column counts."""
ZEROS = Unit("zeros")
YES_OR_NO = Unit("yes or no")
