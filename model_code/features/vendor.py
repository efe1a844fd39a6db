"""The real-time view's features of the vendor, of the line of business, and of card and vendor together."""

from model_code.features.feature import LONG, Feature
from model_code.features.trailing import (
    above_largest,
    days_since,
    number,
    share,
    share_within,
    spend,
    unusual,
)

_DAY = "transaction_date"
_MERCHANT = ("merchant", _DAY)
_PAIR = ("card", "merchant", _DAY)

VENDOR_FEATURES: tuple[Feature, ...] = (
    # The merchant
    Feature(
        "merchant_number_7d", "purchases at the vendor in the 7 days before", _MERCHANT, number("merchant", days=7)
    ),
    Feature(
        "merchant_number_30d", "purchases at the vendor in the 30 days before", _MERCHANT, number("merchant", days=30)
    ),
    Feature(
        "merchant_number_90d", "purchases at the vendor in the 90 days before", _MERCHANT, number("merchant", days=90)
    ),
    Feature(
        "merchant_days_since",
        "days since anyone bought at the vendor (1096: longer)",
        _MERCHANT,
        days_since("merchant", days=LONG),
    ),
    Feature(
        "merchant_unusual",
        "the amount, against the vendor's usual one of 180 days",
        ("amount", *_MERCHANT),
        unusual("merchant", days=180),
    ),
    Feature(
        "merchant_above_largest",
        "the amount, against the vendor's largest one of 180 days",
        ("amount", *_MERCHANT),
        above_largest("merchant", days=180),
    ),
    Feature(
        "merchant_round_share",
        "share of the vendor's purchases of 180 days that are whole hundreds",
        ("amount", *_MERCHANT),
        share("hundreds", "merchant", days=180),
    ),
    Feature(
        "merchant_weekend_share",
        "share of the vendor's purchases of 180 days that were made at weekends",
        _MERCHANT,
        share("weekend", "merchant", days=180),
    ),
    Feature(
        "merchant_mcc_share",
        "share of the vendor's purchases of 180 days that are under this category code",
        ("mcc", *_MERCHANT),
        share_within(("merchant", "mcc"), ("merchant",), days=180),
    ),
    Feature(
        "merchant_mcc_share_long",
        "share of the vendor's purchases of three years that are under this category code",
        ("mcc", *_MERCHANT),
        share_within(("merchant", "mcc"), ("merchant",), days=LONG),
    ),
    Feature(
        "chain_mcc_share",
        "share under this category code, of three years' purchases at vendors whose names begin with these two words",
        ("mcc", *_MERCHANT),
        share_within(("chain", "mcc"), ("chain",), days=LONG),
    ),
    Feature(
        "merchant_unusual_long",
        "the amount, against the vendor's usual one of three years",
        ("amount", *_MERCHANT),
        unusual("merchant", days=LONG),
    ),
    # The line of business, and the amount by itself
    Feature(
        "mcc_unusual",
        "the amount, against the usual one under this category code of 90 days",
        ("amount", "mcc", _DAY),
        unusual("mcc", days=90),
    ),
    Feature(
        "amount_number",
        "purchases of exactly this amount in the 365 days before",
        ("amount", _DAY),
        number("cents", days=365),
    ),
    # Card and merchant together
    Feature(
        "pair_number_5d",
        "purchases by the card at this vendor in the 5 days before",
        _PAIR,
        number("card", "merchant", days=5),
    ),
    Feature(
        "pair_number_90d",
        "purchases by the card at this vendor in the 90 days before",
        _PAIR,
        number("card", "merchant", days=90),
    ),
    Feature(
        "pair_spend_5d",
        "spend of the card at this vendor in the 5 days before",
        ("amount", *_PAIR),
        spend("card", "merchant", days=5),
    ),
    Feature(
        "pair_days_since",
        "days since the card bought at this vendor (91: longer)",
        _PAIR,
        days_since("card", "merchant", days=90),
    ),
    # Repeats of the same amount
    Feature(
        "same_amount_15d",
        "purchases of the same amount at the vendor in the 15 days before",
        ("amount", *_MERCHANT),
        number("merchant", "cents", days=15),
    ),
    Feature(
        "same_amount_90d",
        "purchases of the same amount at the vendor in the 90 days before",
        ("amount", *_MERCHANT),
        number("merchant", "cents", days=90),
    ),
    Feature(
        "pair_same_amount_15d",
        "purchases of the same amount by the card at this vendor in the 15 days before",
        ("amount", *_PAIR),
        number("card", "merchant", "cents", days=15),
    ),
)
