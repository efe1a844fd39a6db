"""From a ledger to its features: one lazy Ibis query, for any engine. Training and serving data both come from here."""

from collections.abc import Sequence

import ibis
from ibis.expr.types import NumericValue, Table

from model_code.features.fields import FIELDS
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold
from model_code.features.trailing import LOG_UNIT, as_float
from model_code.features.views import REALTIME, View

# A millionth is finer than any tree's cut, and coarser than what two machines' logarithms differ by.
DECIMALS = 6
# A chain's name: the first two words of a merchant's name, without shop numbers.
_CHAIN = "^[A-Z]+( [A-Z]+)?"


def build_features(
    ledger: Table, *, thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE, view: View = REALTIME
) -> Table:
    """One row per row of the ledger: `transaction_id`, `transaction_date`, the view's features as float64; in no order.

    The features are computed from a table that holds nothing but fields known when the view needs them.
    """
    known = ledger.select([name for name, field in FIELDS.items() if field.available_at <= view.known_at])
    prepared = _prepare(known, thresholds)
    values = {feature.name: as_float(feature.expression(prepared)).round(DECIMALS) for feature in view.features}
    return prepared.select("transaction_id", "transaction_date", **values)


def _prepare(ledger: Table, thresholds: Sequence[Threshold]) -> Table:
    """Adds what the features share: day numbers, whole cents, logs in whole units, flags.

    Purchases by an unknown card or cost centre (empty: the ledger names none) share no history: each has its own.
    """
    day = ledger["transaction_date"].cast("date").epoch_days().cast("int64")
    cents = (ledger["amount"] * 100).round().cast("int64")
    unknown = {name: ledger["transaction_id"] for name in ("card", "cost_centre") if name in ledger.columns}
    owners = {name: ledger[name].nullif("").coalesce(own) for name, own in unknown.items()}
    letters = ledger["merchant"].re_replace("[^A-Z]+", " ").strip()
    chain = letters.re_extract(_CHAIN, 0).nullif("").coalesce(ledger["merchant"])
    numbered = ledger.mutate(day=day, cents=cents, size=cents.abs(), chain=chain, **owners)
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
