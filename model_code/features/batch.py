"""The batch view's own features: days on both sides, and the cost centre, known only once a purchase is booked."""

from model_code.features.centred import days_until, number_around, share_around, spend_around
from model_code.features.table import LONG, Feature
from model_code.features.trailing import days_since

_DAY = "transaction_date"
_CENTRE = ("cost_centre", _DAY)
_HERE = ("cost_centre", "merchant", _DAY)
_MERCHANT = ("merchant", _DAY)
_BOTH = ("cost_centre", "merchant")
_SAME = ("cost_centre", "merchant", "cents")


BATCH_FEATURES: tuple[Feature, ...] = (
    # The cost centre: who really spends, but booked afterwards
    Feature("centre_number_same_day", "others that day", _CENTRE, number_around("cost_centre", days=0)),
    Feature("centre_number_3d", "others", _CENTRE, number_around("cost_centre", days=3)),
    Feature("centre_spend_same_day", "spend that day", ("amount", *_CENTRE), spend_around("cost_centre", days=0)),
    Feature("centre_merchant_number_5d", "others here", _HERE, number_around(*_BOTH, days=5)),
    Feature("centre_merchant_spend_3d", "spend here", ("amount", *_HERE), spend_around(*_BOTH, days=3)),
    Feature("centre_merchant_number", "others here", _HERE, number_around(*_BOTH, days=LONG)),
    Feature("centre_merchant_days_since", "days since it bought here", _HERE, days_since(*_BOTH, days=LONG)),
    Feature("centre_merchant_days_until", "until it buys again", _HERE, days_until(*_BOTH, days=LONG)),
    Feature("centre_same_amount_15d", "others", ("amount", *_HERE), number_around(*_SAME, days=15)),
    Feature("centre_same_amount", "others", ("amount", *_HERE), number_around(*_SAME, days=LONG)),
    Feature("centre_same_amount_days_since", "days", ("amount", *_HERE), days_since(*_SAME, days=90)),
    Feature(
        "centre_mcc_share",
        "share of others under this code",
        ("mcc", *_CENTRE),
        share_around(("cost_centre", "mcc"), ("cost_centre",), days=LONG),
    ),
    # The merchant, before and after
    Feature(
        "merchant_mcc_share_around",
        "share of others under this code",
        ("mcc", *_MERCHANT),
        share_around(("merchant", "mcc"), ("merchant",), days=LONG),
    ),
    Feature(
        "merchant_same_amount_around",
        "others of the same amount",
        ("amount", *_MERCHANT),
        number_around("merchant", "cents", days=15),
    ),
    Feature("merchant_days_until", "until anyone buys again", _MERCHANT, days_until("merchant", days=LONG)),
)
