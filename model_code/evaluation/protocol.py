"""From a ledger to what a model may learn from: no row of a later period is in the features of an earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from model_code.etl.periods import Period
from model_code.evaluation.ledgers import Ledger
from model_code.features.build import build_features
from model_code.features.views import View
from model_code.features.windows import keeping
from model_code.training.channel import Split

ORDER = ("transaction_date", "transaction_id")


@dataclass(frozen=True)
class Sample:
    """One view of a ledger: its columns, and a split for each period, rows by date and id."""

    columns: tuple[str, ...]
    splits: Mapping[str, Split]


def take(ledger: Ledger, view: View) -> Sample:
    """Compute the view for each period, from rows up to the period's last day and no later one."""
    return Sample(view.columns, {period.name: _split(ledger, view, period) for period in ledger.periods})


def raw_fields(ledger: Ledger) -> Sample:
    """The fields known at authorisation as they stand, as numbers: what a first attempt would train on.

    Texts become their place in the alphabet of the training period; -1 if they weren't there.
    """
    rows = ledger.rows.sort_values(list(ORDER), ignore_index=True)
    train = _inside(rows, ledger.periods[0].first, ledger.periods[0].last)
    numbers = {
        "amount": rows["amount"],
        "mcc": pd.to_numeric(rows["mcc"], errors="coerce"),
        "month": rows["transaction_date"].dt.month,
        "weekday": rows["transaction_date"].dt.day_of_week,
    }
    for name in ("office", "card", "merchant", "merchant_currency"):
        numbers[name] = pd.Index(np.sort(rows.loc[train, name].unique())).get_indexer(rows[name])
    frame = pd.DataFrame(numbers).astype("float64").assign(label=rows["label"], kind=rows["kind"])
    within = {period.name: _inside(rows, period.first, period.last) for period in ledger.periods}
    return Sample(tuple(numbers), {name: _as_split(frame[mask], tuple(numbers)) for name, mask in within.items()})


def shuffle(sample: Sample, *, seed: int) -> Sample:
    """The same rows, dealt at random into splits of the same sizes: the mistake that the split by time avoids."""
    parts = list(sample.splits.values())
    order = np.random.default_rng(seed).permutation(sum(len(part.labels) for part in parts))
    rows, labels = np.concatenate([part.rows for part in parts]), np.concatenate([part.labels for part in parts])
    kinds = np.concatenate([part.kinds for part in parts])
    edges = np.cumsum([len(part.labels) for part in parts])[:-1]
    dealt = zip(sample.splits, np.split(order, edges), strict=True)
    return Sample(sample.columns, {name: Split(rows[at], labels[at], kinds[at].tolist()) for name, at in dealt})


def choose(split: Split, mask: np.ndarray) -> Split:
    """The split's rows where `mask` holds."""
    return Split(split.rows[mask], split.labels[mask], np.array(split.kinds)[mask].tolist())


def _split(ledger: Ledger, view: View, period: Period) -> Split:
    known = ledger.rows[ledger.rows["transaction_date"] <= pd.Timestamp(period.last)]
    database = ibis.duckdb.connect(threads=1)
    try:
        table = database.create_table("ledger", ibis.memtable(pa.Table.from_pandas(known, preserve_index=False)))
        built = build_features(table, keep=keeping(database), thresholds=ledger.thresholds, view=view)
        inside = built.filter(built["transaction_date"].cast("date").between(period.first, period.last))
        frame = inside.order_by(*ORDER).to_pyarrow().to_pandas()
    finally:
        database.disconnect()
    labels = known.set_index("transaction_id").loc[frame["transaction_id"], ["label", "kind"]].reset_index(drop=True)
    split = _as_split(pd.concat([frame, labels], axis=1), view.columns)
    return replace(split, texts={"transaction_id": frame["transaction_id"].tolist()})


def _as_split(frame: pd.DataFrame, columns: Sequence[str]) -> Split:
    rows = np.ascontiguousarray(frame[list(columns)].to_numpy(dtype=float))
    return Split(rows=rows, labels=frame["label"].to_numpy(dtype=np.float32), kinds=frame["kind"].tolist())


def _inside(rows: pd.DataFrame, first: date, last: date) -> pd.Series:
    return rows["transaction_date"].between(pd.Timestamp(first), pd.Timestamp(last))
