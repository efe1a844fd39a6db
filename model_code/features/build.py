"""From a ledger to its features: one lazy Ibis query, for any engine. Training and serving data both come from here."""

from collections.abc import Sequence

import ibis
from ibis.expr.types import NumericValue, Table

from model_code.features.fields import FIELDS, Moment
from model_code.features.table import FEATURES, Feature
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold
from model_code.features.trailing import LOG_UNIT, as_float

# A millionth is finer than any tree's cut, and coarser than what two machines' logarithms differ by.
DECIMALS = 6
_KNOWN = [name for name, field in FIELDS.items() if field.available_at == Moment.AUTHORISATION]


def build_features(
    ledger: Table, *, thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE, features: Sequence[Feature] = FEATURES
) -> Table:
    """One row per row of the ledger: `transaction_id`, `transaction_date` and the features as float64, in no order.

    The features are computed from a table that holds nothing but fields known at authorisation.
    """
    known = ledger.select([name for name in _KNOWN if name in ledger.columns])
    prepared = _prepare(known, thresholds)
    values = {feature.name: as_float(feature.expression(prepared)).round(DECIMALS) for feature in features}
    return prepared.select("transaction_id", "transaction_date", **values)


def _prepare(ledger: Table, thresholds: Sequence[Threshold]) -> Table:
    """Adds what the features share: day numbers, whole cents, logs in whole units, flags.

    Purchases by an unknown card (empty: the ledger names none) share no history: each has a card of its own.
    """
    day = ledger["transaction_date"].cast("date").epoch_days().cast("int64")
    cents = (ledger["amount"] * 100).round().cast("int64")
    card = ledger["card"].nullif("").coalesce(ledger["transaction_id"])
    numbered = ledger.mutate(day=day, cents=cents, size=cents.abs(), card=card)
    size, days = numbered["size"], numbered["day"]
    log_amount = ((1 + size / 100).ln() * LOG_UNIT).round().cast("int64")
    return numbered.mutate(
        log_amount=log_amount,
        log_amount_squared=log_amount * log_amount,
        # 1 January 1970 was a Thursday.
        weekend=((days + 3) % 7 >= 5).cast("int64"),  # noqa: PLR2004 (Monday is 0, Saturday 5)
        roundness=sum((size % 10**zeros == 0).cast("int64") for zeros in range(1, 6)),
        hundreds=(size % 10_000 == 0).cast("int64"),
        share_of_threshold=numbered["cents"] / 100 / _in_force(numbered, thresholds),
    )


def _in_force(table: Table, thresholds: Sequence[Threshold]) -> NumericValue:
    """The threshold by transaction date; before the first effective date, the first."""
    newest_first = sorted(thresholds, reverse=True)
    days = [(threshold.effective.toordinal() - 719_163, threshold.amount) for threshold in newest_first]
    return as_float(ibis.cases(*[(table["day"] >= day, amount) for day, amount in days], else_=days[-1][1]))
