"""The features of the real-time view, each declared once: what it means, which fields it reads, how far it looks back.

All are numbers and none is ever missing. The calendar (month, fiscal year) is left out on purpose: a ledger holds too
few Septembers to learn from, and every new month would look like drift.
"""

from model_code.features.feature import COMMON, LONG, Feature
from model_code.features.trailing import (
    LOG_UNIT,
    above_largest,
    days_since,
    number,
    pace,
    share_within,
    spend,
    unusual,
)
from model_code.features.units import MONEY, SHARE, ZEROS
from model_code.features.vendor import VENDOR_FEATURES
from model_code.features.windows import own

OFTEN = 20
"""So many purchases make a code an office's daily business. How many more there are says how large the office is: few
offices have few such numbers, which move as one, and a growing ledger looked like drift."""
_WEB = r"WWW|\.(COM?|CA|NET|ORG)\b|\.C$|\*"
"""A name of the web, also one cut off; `J.C. ROCK LTD` is none."""
_DAY = "transaction_date"
_CARD = ("card", _DAY)
_OFFICE = ("office", _DAY)

FEATURES: tuple[Feature, ...] = (
    # This purchase alone
    Feature("amount_log", "the size of the purchase", ("amount",), own(lambda t: t["log_amount"] / LOG_UNIT, MONEY)),
    Feature("refund", "money comes back", ("amount",), own(lambda t: t["cents"] < 0)),
    Feature(
        "share_of_threshold",
        "the purchase against the limit for a single one (the micro-purchase threshold)",
        ("amount", _DAY),
        own(lambda t: t["share_of_threshold"], SHARE),
    ),
    Feature(
        "roundness",
        "zeros that the amount ends with (its cents are two digits)",
        ("amount",),
        own(lambda t: t["roundness"], ZEROS),
    ),
    Feature(
        "price_ending",
        "the amount ends with .95, .98 or .99",
        ("amount",),
        own(lambda t: (t["size"] % 100).isin([95, 98, 99])),
    ),
    Feature("weekend", "made on a Saturday or Sunday", (_DAY,), own(lambda t: t["weekend"])),
    Feature(
        "merchant_on_the_web",
        "the vendor's name looks like a web shop's or a payment service's",
        ("merchant",),
        own(lambda t: t["merchant"].re_search(_WEB)),
    ),
    Feature(
        "foreign",
        "charged in another currency than the ledger's",
        ("currency", "merchant_currency"),
        own(lambda t: ~t["merchant_currency"].isin(["", t["currency"]])),
    ),
    # The card
    Feature("card_number_1d", "purchases by the card the day before", _CARD, number("card", days=1)),
    Feature("card_number_3d", "purchases by the card in the 3 days before", _CARD, number("card", days=3)),
    Feature("card_number_30d", "purchases by the card in the 30 days before", _CARD, number("card", days=30)),
    Feature(
        "card_pace",
        "purchases by the card in 2 days, against what its 90 days let expect",
        _CARD,
        pace("card", short=2, long=90),
    ),
    Feature("card_spend_7d", "spend of the card in the 7 days before", ("amount", *_CARD), spend("card", days=7)),
    Feature("card_spend_30d", "spend of the card in the 30 days before", ("amount", *_CARD), spend("card", days=30)),
    Feature(
        "card_unusual",
        "the amount, against the card's usual one of 90 days",
        ("amount", *_CARD),
        unusual("card", days=90),
    ),
    Feature(
        "card_above_largest",
        "the amount, against the card's largest one of 90 days",
        ("amount", *_CARD),
        above_largest("card", days=90),
    ),
    Feature(
        "card_mcc_number",
        "purchases by the card under this category code in the 90 days before",
        ("mcc", *_CARD),
        number("card", "mcc", days=90),
    ),
    # The office
    Feature(
        "office_mcc_number",
        "purchases by the office under this category code in the 90 days before (20: that many or more)",
        ("mcc", *_OFFICE),
        number("office", "mcc", days=90, most=OFTEN),
    ),
    Feature(
        "office_merchant_number",
        "purchases by the office at this vendor in the 90 days before",
        ("merchant", *_OFFICE),
        number("office", "merchant", days=90),
    ),
    Feature(
        "office_merchant_spend_5d",
        "spend of the office at this vendor in the 5 days before",
        ("amount", "merchant", *_OFFICE),
        spend("office", "merchant", days=5),
    ),
    Feature(
        "office_same_amount_15d",
        "purchases of the same amount by the office at this vendor in the 15 days before",
        ("amount", "merchant", *_OFFICE),
        number("office", "merchant", "cents", days=15),
    ),
    Feature(
        "office_same_amount_days_since",
        "days since the office paid this vendor the same amount (91: longer)",
        ("amount", "merchant", *_OFFICE),
        days_since("office", "merchant", "cents", days=90),
    ),
    Feature(
        "office_merchant_days_since",
        "days since the office bought at this vendor (1096: longer)",
        ("merchant", *_OFFICE),
        days_since("office", "merchant", days=LONG),
    ),
    Feature(
        "office_unusual",
        "the amount, against the office's usual one of 180 days",
        ("amount", *_OFFICE),
        unusual("office", days=180),
    ),
    Feature(
        "office_merchant_unusual",
        "the amount, against the office's usual one at this vendor of three years",
        ("amount", "merchant", *_OFFICE),
        unusual("office", "merchant", days=LONG),
    ),
    Feature(
        "office_mcc_share",
        "share of the office's purchases of three years that are under this category code (5 %: that much or more)",
        ("mcc", *_OFFICE),
        share_within(("office", "mcc"), ("office",), days=LONG, most=COMMON),
    ),
    *VENDOR_FEATURES,
)
COLUMNS: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
