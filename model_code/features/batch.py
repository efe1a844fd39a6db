"""The batch view's own features: days on both sides, and the cost centre, known only once a purchase is booked."""

from model_code.features.centred import days_until, number_around, share_around, spend_around
from model_code.features.feature import LONG, Feature
from model_code.features.trailing import days_since

_DAY = "transaction_date"
_CENTRE = ("cost_centre", _DAY)
_HERE = ("cost_centre", "merchant", _DAY)
_MERCHANT = ("merchant", _DAY)
_BOTH = ("cost_centre", "merchant")
_SAME = ("cost_centre", "merchant", "cents")


BATCH_FEATURES: tuple[Feature, ...] = (
    # The cost centre: who really spends, but booked afterwards
    Feature(
        "centre_number_same_day",
        "other purchases of the cost centre that day",
        _CENTRE,
        number_around("cost_centre", days=0),
    ),
    Feature(
        "centre_number_3d",
        "other purchases of the cost centre in the 3 days before and after",
        _CENTRE,
        number_around("cost_centre", days=3),
    ),
    Feature(
        "centre_spend_same_day",
        "spend of the cost centre that day",
        ("amount", *_CENTRE),
        spend_around("cost_centre", days=0),
    ),
    Feature(
        "centre_merchant_number_5d",
        "other purchases of the cost centre at this vendor in the 5 days before and after",
        _HERE,
        number_around(*_BOTH, days=5),
    ),
    Feature(
        "centre_merchant_spend_3d",
        "spend of the cost centre at this vendor in the 3 days before and after",
        ("amount", *_HERE),
        spend_around(*_BOTH, days=3),
    ),
    Feature(
        "centre_merchant_number",
        "other purchases of the cost centre at this vendor within three years",
        _HERE,
        number_around(*_BOTH, days=LONG),
    ),
    Feature(
        "centre_merchant_days_since",
        "days since the cost centre bought at this vendor (1096: longer)",
        _HERE,
        days_since(*_BOTH, days=LONG),
    ),
    Feature(
        "centre_merchant_days_until",
        "days until the cost centre buys at this vendor again (1096: longer)",
        _HERE,
        days_until(*_BOTH, days=LONG),
    ),
    Feature(
        "centre_same_amount_15d",
        "other purchases of the same amount of the cost centre at this vendor within 15 days",
        ("amount", *_HERE),
        number_around(*_SAME, days=15),
    ),
    Feature(
        "centre_same_amount",
        "other purchases of the same amount of the cost centre at this vendor within three years",
        ("amount", *_HERE),
        number_around(*_SAME, days=LONG),
    ),
    Feature(
        "centre_same_amount_days_since",
        "days since the cost centre paid this vendor the same amount (91: longer)",
        ("amount", *_HERE),
        days_since(*_SAME, days=90),
    ),
    Feature(
        "centre_mcc_share",
        "share of the cost centre's purchases within three years that are others under this category code",
        ("mcc", *_CENTRE),
        share_around(("cost_centre", "mcc"), ("cost_centre",), days=LONG),
    ),
    # The merchant, before and after
    Feature(
        "merchant_mcc_share_around",
        "share of the vendor's purchases within three years that are others under this category code",
        ("mcc", *_MERCHANT),
        share_around(("merchant", "mcc"), ("merchant",), days=LONG),
    ),
    Feature(
        "merchant_same_amount_around",
        "other purchases of the same amount at the vendor within 15 days",
        ("amount", *_MERCHANT),
        number_around("merchant", "cents", days=15),
    ),
    Feature(
        "merchant_days_until",
        "days until anyone buys at the vendor again (1096: longer)",
        _MERCHANT,
        days_until("merchant", days=LONG),
    ),
)
