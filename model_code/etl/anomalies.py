"""Seven kinds of labelled anomalies, put into a ledger that has none.

A classifier trained on them learns this injector: a score on them is a regression test, never a claim of finding fraud.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from model_code.errors import InputError
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold, threshold_on

RATE = 0.002
SPLIT_PARTS = 3
VELOCITY_DAYS = (0, 0, 1, 1, 1, 2, 2)
DORMANT_DAYS = 180
SATURDAY = 5


def per_kind(rows: int) -> int:
    """How many rows of each kind belong into a ledger of `rows` rows: 0.2 %, at least seven."""
    return max(len(VELOCITY_DAYS), round(rows * RATE))


def limits(dates: pd.Series, thresholds: Sequence[Threshold]) -> np.ndarray:
    """The threshold in force on each of the dates; without any, infinity."""
    if not thresholds:
        return np.full(len(dates), np.inf)
    by_day = {day: threshold_on(day.date(), thresholds) for day in dates.unique()}
    return dates.map(by_day).to_numpy(dtype=float)


def posting_lags(rows: int, rng: np.random.Generator) -> pd.TimedeltaIndex:
    """Days until a purchase is posted: mostly one, at most twelve."""
    return pd.to_timedelta(rng.geometric(0.55, rows).clip(1, 12), "D")


@dataclass(frozen=True)
class Purchases:
    """A ledger's ordinary purchases: few of their columns in memory, whole rows where they are asked for.

    `known` has transaction_date, amount, merchant and mcc of each (texts may be categories), numbered from 0; `rows`
    gives the whole rows of some numbers, in the order asked for, a number as often as it comes, numbered from 0.
    """

    known: pd.DataFrame
    rows: Callable[[np.ndarray], pd.DataFrame]


def inject(
    ledger: pd.DataFrame,
    *,
    seed: int,
    rows_per_kind: int | None = None,
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE,
) -> pd.DataFrame:
    """The ledger with anomalies added, by date, with `label` (0/1) and `kind` ("" for the ledger's own rows).

    The ledger's rows stay as they are; `anomalies` are added to them.
    """
    rng = randomness(seed)
    purchases = Purchases(ledger, lambda at: ledger.iloc[at].reset_index(drop=True))
    new = anomalies(purchases, rng, rows_per_kind=rows_per_kind, thresholds=thresholds)
    both = pd.concat([ledger.assign(kind="", label=0), new], ignore_index=True)
    return both.iloc[rng.permutation(len(both))].sort_values("transaction_date", kind="stable", ignore_index=True)


def randomness(seed: int) -> np.random.Generator:
    """What one seed's anomalies are drawn with."""
    return np.random.default_rng([seed, 7])


def anomalies(
    purchases: Purchases,
    rng: np.random.Generator,
    *,
    rows_per_kind: int | None = None,
    thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE,
) -> pd.DataFrame:
    """New rows with `label` 1, their `kind` and ids of their own, made from ordinary purchases.

    Each kind gets `rows_per_kind` rows (if not given, `per_kind` of the ledger's length); one without material (say,
    no merchant ever fell dormant) gets fewer, or none.

    Raises:
        InputError: there are no ordinary purchases to make anomalies from.
    """
    count = per_kind(len(purchases.known)) if rows_per_kind is None else rows_per_kind
    source = _Source(purchases, thresholds, rng)
    made = {kind: make(source, count) for kind, make in _MAKERS.items()}
    new = pd.concat([rows.assign(kind=kind) for kind, rows in made.items() if len(rows)], ignore_index=True)
    return new.assign(
        label=1,
        transaction_id=[f"injected-{number:06d}" for number in rng.permutation(len(new))],
        posting_date=new["transaction_date"] + posting_lags(len(new), rng),
    )


@dataclass(frozen=True)
class _Source:
    """The ordinary purchases that anomalies are made from."""

    purchases: Purchases
    thresholds: Sequence[Threshold]
    rng: np.random.Generator

    def take(self, count: int, *, above: float = 20.0, days_left: int = 0) -> pd.DataFrame:
        """Copies of random purchases of more than `above`, at least `days_left` days before the ledger ends."""
        known = self.purchases.known
        latest = known["transaction_date"].max() - pd.Timedelta(days=days_left)
        pool = np.flatnonzero((known["amount"] > above) & (known["transaction_date"] <= latest))
        if not len(pool):
            raise InputError(
                f"No anomalies can be injected: the ledger has no purchase above {above:g} before its end."
            )
        return self.purchases.rows(self.rng.choice(pool, count))

    def later(self, dates: pd.Series, low: int, high: int) -> pd.Series:
        """The dates moved by `low` up to (and without) `high` days."""
        return dates + pd.to_timedelta(self.rng.integers(low, high, len(dates)), "D")

    def scaled(self, amounts: pd.Series, low: float, high: float) -> pd.Series:
        """The amounts times something between `low` and `high`."""
        return (amounts * self.rng.uniform(low, high, len(amounts))).round(2)


def _split(source: _Source, count: int) -> pd.DataFrame:
    """One purchase above the threshold, paid in three parts below it, a day or two apart; none without a threshold."""
    if not source.thresholds:
        return source.purchases.rows(np.array([], dtype=np.int64))
    bases = source.take(-(-count // SPLIT_PARTS), days_left=2 * SPLIT_PARTS)
    parts = [
        bases.assign(transaction_date=source.later(bases["transaction_date"], part, 2 * part + 1)) for part in range(3)
    ]
    rows = pd.concat(parts, ignore_index=True).iloc[:count]
    limit = limits(rows["transaction_date"], source.thresholds)
    return rows.assign(amount=(limit * source.rng.uniform(0.6, 0.995, len(rows))).round(2))


def _duplicate(source: _Source, count: int) -> pd.DataFrame:
    """Paid again within a fortnight: same card, merchant and amount."""
    rows = source.take(count, above=50, days_left=14)
    return rows.assign(transaction_date=source.later(rows["transaction_date"], 1, 15))


def _round(source: _Source, count: int) -> pd.DataFrame:
    """Whole hundreds, and more than usual."""
    rows = source.take(count)
    hundreds = np.ceil(source.scaled(rows["amount"], 1.5, 6) / 100) * 100
    highest = limits(rows["transaction_date"], source.thresholds) - 100
    return rows.assign(amount=hundreds.clip(200, highest))


def _dormant(source: _Source, count: int) -> pd.DataFrame:
    """A merchant that nobody used for half a year (a third of a shorter ledger) charges again, and more than usual."""
    known = source.purchases.known
    dates = known["transaction_date"]
    asleep = pd.Timedelta(days=min(DORMANT_DAYS, (dates.max() - dates.min()).days // 3))
    last = known.loc[known.groupby("merchant", observed=True)["transaction_date"].idxmax()].sort_index()
    last = last[(last["transaction_date"] + asleep <= dates.max()) & (last["amount"] > 0)]
    if last.empty:
        return last
    rows = source.purchases.rows(last.index[source.rng.integers(0, len(last), count)].to_numpy())
    wakes = rows["transaction_date"] + asleep
    room = (dates.max() - wakes).dt.days.to_numpy() + 1
    buyers = source.take(count)
    return rows.assign(
        **{who: buyers[who] for who in ("agency", "office", "card", "cost_centre")},
        transaction_date=wakes + pd.to_timedelta(source.rng.integers(0, room), "D"),
        amount=source.scaled(rows["amount"], 1, 5),
    )


def _weekend(source: _Source, count: int) -> pd.DataFrame:
    """On a Saturday or Sunday, and more than usual."""
    rows = source.take(count, days_left=7)
    monday = rows["transaction_date"] - pd.to_timedelta(rows["transaction_date"].dt.day_of_week, "D")
    return rows.assign(transaction_date=source.later(monday, SATURDAY, 7), amount=source.scaled(rows["amount"], 1.5, 5))


def _mcc_mismatch(source: _Source, count: int) -> pd.DataFrame:
    """A merchant charges under a code of another line of business."""
    rows = source.take(count)
    codes = np.sort(source.purchases.known["mcc"].unique().astype(str))
    if len(codes) < 2:  # noqa: PLR2004 (no other code exists)
        return rows.iloc[:0]
    own = np.searchsorted(codes, rows["mcc"].to_numpy(dtype=codes.dtype))
    return rows.assign(mcc=codes[(own + source.rng.integers(1, len(codes), count)) % len(codes)])


def _velocity(source: _Source, count: int) -> pd.DataFrame:
    """One card at seven merchants within three days."""
    bases = source.take(-(-count // len(VELOCITY_DAYS)), days_left=max(VELOCITY_DAYS))
    rows = bases.loc[bases.index.repeat(len(VELOCITY_DAYS))].reset_index(drop=True).iloc[:count]
    shops = source.take(len(rows))
    days = np.resize(VELOCITY_DAYS, len(rows))
    return rows.assign(
        **{what: shops[what] for what in ("merchant", "mcc", "merchant_currency", "description")},
        transaction_date=rows["transaction_date"] + pd.to_timedelta(days, "D"),
        amount=source.rng.uniform(40, 600, len(rows)).round(2),
    )


_MAKERS: dict[str, Callable[[_Source, int], pd.DataFrame]] = {
    "split": _split,
    "duplicate": _duplicate,
    "round": _round,
    "dormant": _dormant,
    "weekend": _weekend,
    "mcc_mismatch": _mcc_mismatch,
    "velocity": _velocity,
}
KINDS: tuple[str, ...] = tuple(_MAKERS)
