"""From a ledger to its features: Ibis expressions, for any engine. Training and serving data both come from here."""

from collections.abc import Sequence

import ibis
from ibis.expr.types import NumericValue, Table, Value

from model_code.features.fields import ALONE, FIELDS
from model_code.features.own import with_own
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold
from model_code.features.trailing import LOG_UNIT
from model_code.features.views import REALTIME, View
from model_code.features.windows import Keep, Window, as_float, coded, nearest, with_windows

# A millionth is finer than any tree's cut, and coarser than what two machines' logarithms differ by.
MILLION = 1_000_000
_CHAIN = "^[A-Z]+( [A-Z]+)?"


def build_features(
    ledger: Table,
    *,
    keep: Keep,
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE,
    view: View = REALTIME,
    also: Sequence[Window] = (),
) -> Table:
    """One row per row of the ledger: `row`, `transaction_id`, `transaction_date`, the view's features as float64.

    `also` are windows whose values stand beside them, each under its own name.

    They come in no order. The features are computed from a table that holds nothing but fields known when the view
    needs them. Ids must be unique. A ledger may number its rows (`row`); else they are numbered by date and id. `keep`
    holds the steps between.
    """
    prepared = keep(prepare(ledger, thresholds=thresholds, view=view))
    needed = needed_windows(view, also)
    read = read_by(needed)
    texts = texts_of(prepared, read)
    narrow = keep(coded(prepared.select("row", *read), texts, keep))
    windows = with_windows(narrow, needed, keep).drop(*read)
    return features_from(prepared.join(windows, "row"), view, also)


def needed_windows(view: View, also: Sequence[Window] = ()) -> tuple[Window, ...]:
    """The windows of a view and those beside them, each once."""
    return tuple(dict.fromkeys((*view.windows, *also)))


def read_by(windows: Sequence[Window]) -> list[str]:
    """The columns that windows read of each purchase: keys, what is summed up, and the day."""
    return sorted({"day", *(name for window in windows for name in (*window.by, window.column))})


def texts_of(prepared: Table, read: Sequence[str]) -> list[str]:
    """Which of these columns hold texts."""
    return [name for name in read if prepared[name].type().is_string()]


def prepare(ledger: Table, *, thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE, view: View = REALTIME) -> Table:
    """What the features share: row numbers, ids, keys, day numbers, whole cents, logs in whole units, flags.

    Purchases by an unknown card, office or cost centre (empty) share no history: each has its own. A ledger without
    thresholds has no share of them.
    """
    number = ibis.row_number().over(order_by=["transaction_date", "transaction_id"])
    row = ledger["row"] if "row" in ledger.columns else number
    names = [name for name, field in FIELDS.items() if field.available_at <= view.known_at]
    known = ledger.select(*names, *(each.column for each in view.own), row=row.cast("int64"))
    day = known["transaction_date"].cast("date").epoch_days().cast("int32")
    cents = nearest(known["amount"] * 100)
    unknown = {
        name: ibis.literal(ALONE) + known["transaction_id"]
        for name in ("card", "cost_centre", "office")
        if name in known.columns
    }
    owners = {name: known[name].nullif("").coalesce(own) for name, own in unknown.items()}
    numbered = _with_chain(with_own(known.mutate(day=day, cents=cents, size=cents.abs(), **owners), view.own))
    size, days = numbered["size"], numbered["day"]
    log_amount = nearest((1 + size / 100).ln() * LOG_UNIT)
    return numbered.mutate(
        log_amount=log_amount,
        log_amount_squared=log_amount * log_amount,
        # 1 January 1970 was a Thursday.
        weekend=((days + 3) % 7 >= 5).cast("int64"),  # noqa: PLR2004 (Monday is 0, Saturday 5)
        roundness=sum((size % 10**zeros == 0).cast("int64") for zeros in range(1, 6)),
        hundreds=(size % 10_000 == 0).cast("int64"),
        share_of_threshold=numbered["cents"] / 100 / _in_force(numbered, thresholds),
    )


def _with_chain(table: Table) -> Table:
    """Adds `chain`: the first two words of the merchant's name, without shop numbers; found once for each name."""
    names = table.select("merchant").distinct()
    letters = names["merchant"].re_replace("[^A-Z]+", " ").strip()
    chains = names.mutate(chain=letters.re_extract(_CHAIN, 0).nullif("").coalesce(names["merchant"]))
    return table.left_join(chains, "merchant").drop("merchant_right")


def features_from(table: Table, view: View, also: Sequence[Window] = ()) -> Table:
    """The view's features of a table that `prepare` made and that has the view's windows as columns; `also` too."""
    values = {feature.name: _rounded(feature.expression.formula(table)) for feature in view.features}
    windows = {window.name: table[window.name] for window in also}
    return table.select("row", "transaction_id", "transaction_date", **values, **windows)


def _rounded(value: Value) -> NumericValue:
    return as_float(nearest(as_float(value) * MILLION)) / MILLION


def _in_force(table: Table, thresholds: Sequence[Threshold]) -> NumericValue:
    """The threshold by transaction date; before the first effective date, the first."""
    if not thresholds:
        return as_float(ibis.literal(1.0))
    newest_first = sorted(thresholds, reverse=True)
    days = [(threshold.effective.toordinal() - 719_163, threshold.amount) for threshold in newest_first]
    return as_float(ibis.cases(*[(table["day"] >= day, amount) for day, amount in days], else_=days[-1][1]))
