"""The features of the real-time view, each declared once: what it means, which fields it reads, how far it looks back.

All are numbers and none is ever missing. The calendar (month, fiscal year) is left out on purpose: a ledger holds too
few Septembers to learn from, and every new month would look like drift.
"""

from typing import NamedTuple

from model_code.features.fields import FIELDS, Moment
from model_code.features.trailing import (
    LOG_UNIT,
    above_largest,
    days_since,
    number,
    pace,
    share,
    share_within,
    spend,
    unusual,
)
from model_code.features.windows import Expression, own


class Feature(NamedTuple):
    """One number about a purchase, and which fields of the ledger it is made from."""

    name: str
    meaning: str
    fields: tuple[str, ...]
    expression: Expression

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


LONG = 3 * 365
"""Merchants sleep for years. No count looks back so far: it would drift as the ledger grows."""

_DAY = "transaction_date"
_CARD = ("card", _DAY)
_OFFICE = ("office", _DAY)
_MERCHANT = ("merchant", _DAY)
_PAIR = ("card", "merchant", _DAY)

FEATURES: tuple[Feature, ...] = (
    # This purchase alone
    Feature("amount_log", "ln(1 + size)", ("amount",), own(lambda t: t["log_amount"] / LOG_UNIT)),
    Feature("refund", "money comes back", ("amount",), own(lambda t: t["cents"] < 0)),
    Feature(
        "share_of_threshold",
        "amount / micro-purchase threshold",
        ("amount", _DAY),
        own(lambda t: t["share_of_threshold"]),
    ),
    Feature("roundness", "zeros that the amount ends with (cents are two)", ("amount",), own(lambda t: t["roundness"])),
    Feature(
        "price_ending", "ends with .95, .98 or .99", ("amount",), own(lambda t: (t["size"] % 100).isin([95, 98, 99]))
    ),
    Feature("weekend", "Saturday or Sunday", (_DAY,), own(lambda t: t["weekend"])),
    Feature(
        "merchant_on_the_web",
        "the merchant's name looks like a web shop's or a payment service's",
        ("merchant",),
        own(lambda t: t["merchant"].re_search(r"WWW|\.C|\*")),
    ),
    Feature(
        "foreign",
        "charged in another currency than the ledger's",
        ("currency", "merchant_currency"),
        own(lambda t: ~t["merchant_currency"].isin(["", t["currency"]])),
    ),
    # The card
    Feature("card_number_1d", "purchases the day before", _CARD, number("card", days=1)),
    Feature("card_number_3d", "purchases", _CARD, number("card", days=3)),
    Feature("card_number_30d", "purchases", _CARD, number("card", days=30)),
    Feature("card_pace", "two days' purchases against the quarter's", _CARD, pace("card", short=2, long=90)),
    Feature("card_spend_7d", "spend", ("amount", *_CARD), spend("card", days=7)),
    Feature("card_spend_30d", "spend", ("amount", *_CARD), spend("card", days=30)),
    Feature("card_unusual", "amount, for the card", ("amount", *_CARD), unusual("card", days=90)),
    Feature(
        "card_above_largest",
        "amount against the card's largest",
        ("amount", *_CARD),
        above_largest("card", days=90),
    ),
    Feature("card_mcc_number", "purchases under this code", ("mcc", *_CARD), number("card", "mcc", days=90)),
    # The office
    Feature("office_mcc_number", "purchases under this code", ("mcc", *_OFFICE), number("office", "mcc", days=90)),
    Feature("office_merchant_number", "purchases here", ("merchant", *_OFFICE), number("office", "merchant", days=90)),
    Feature(
        "office_merchant_spend_5d",
        "spend here",
        ("amount", "merchant", *_OFFICE),
        spend("office", "merchant", days=5),
    ),
    Feature(
        "office_same_amount_15d",
        "same amount here",
        ("amount", "merchant", *_OFFICE),
        number("office", "merchant", "cents", days=15),
    ),
    Feature(
        "office_same_amount_days_since",
        "days since the same amount here (91: longer)",
        ("amount", "merchant", *_OFFICE),
        days_since("office", "merchant", "cents", days=90),
    ),
    Feature(
        "office_merchant_days_since",
        "days since it bought here (1096: longer)",
        ("merchant", *_OFFICE),
        days_since("office", "merchant", days=LONG),
    ),
    Feature("office_unusual", "amount, for the office", ("amount", *_OFFICE), unusual("office", days=180)),
    Feature(
        "office_merchant_unusual",
        "amount, for the office here",
        ("amount", "merchant", *_OFFICE),
        unusual("office", "merchant", days=LONG),
    ),
    Feature(
        "office_mcc_share",
        "share of its purchases under this code",
        ("mcc", *_OFFICE),
        share_within(("office", "mcc"), ("office",), days=LONG),
    ),
    # The merchant
    Feature("merchant_number_7d", "purchases", _MERCHANT, number("merchant", days=7)),
    Feature("merchant_number_30d", "purchases", _MERCHANT, number("merchant", days=30)),
    Feature("merchant_number_90d", "purchases", _MERCHANT, number("merchant", days=90)),
    Feature(
        "merchant_days_since",
        "days since anyone bought here (1096: longer)",
        _MERCHANT,
        days_since("merchant", days=LONG),
    ),
    Feature("merchant_unusual", "amount, for the merchant", ("amount", *_MERCHANT), unusual("merchant", days=180)),
    Feature(
        "merchant_above_largest",
        "amount against the merchant's largest",
        ("amount", *_MERCHANT),
        above_largest("merchant", days=180),
    ),
    Feature(
        "merchant_round_share",
        "share of whole hundreds",
        ("amount", *_MERCHANT),
        share("hundreds", "merchant", days=180),
    ),
    Feature("merchant_weekend_share", "share at weekends", _MERCHANT, share("weekend", "merchant", days=180)),
    Feature(
        "merchant_mcc_share",
        "share of its purchases under this code",
        ("mcc", *_MERCHANT),
        share_within(("merchant", "mcc"), ("merchant",), days=180),
    ),
    Feature(
        "merchant_mcc_share_long",
        "share of its purchases under this code",
        ("mcc", *_MERCHANT),
        share_within(("merchant", "mcc"), ("merchant",), days=LONG),
    ),
    Feature(
        "chain_mcc_share",
        "share of its chain's purchases under this code (the first two words of its name)",
        ("mcc", *_MERCHANT),
        share_within(("chain", "mcc"), ("chain",), days=LONG),
    ),
    Feature(
        "merchant_unusual_long",
        "amount, for the merchant",
        ("amount", *_MERCHANT),
        unusual("merchant", days=LONG),
    ),
    # The line of business, and the amount by itself
    Feature("mcc_unusual", "amount, for the code", ("amount", "mcc", _DAY), unusual("mcc", days=90)),
    Feature("amount_number", "purchases of this amount", ("amount", _DAY), number("cents", days=365)),
    # Card and merchant together
    Feature("pair_number_5d", "purchases", _PAIR, number("card", "merchant", days=5)),
    Feature("pair_number_90d", "purchases", _PAIR, number("card", "merchant", days=90)),
    Feature("pair_spend_5d", "spend", ("amount", *_PAIR), spend("card", "merchant", days=5)),
    Feature(
        "pair_days_since",
        "days since the card bought here (91: longer)",
        _PAIR,
        days_since("card", "merchant", days=90),
    ),
    # Repeats of the same amount
    Feature("same_amount_15d", "at the merchant", ("amount", *_MERCHANT), number("merchant", "cents", days=15)),
    Feature("same_amount_90d", "at the merchant", ("amount", *_MERCHANT), number("merchant", "cents", days=90)),
    Feature(
        "pair_same_amount_15d",
        "by the card there",
        ("amount", *_PAIR),
        number("card", "merchant", "cents", days=15),
    ),
)
COLUMNS: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
