"""How good a ranking is for parts of the rows: an average hides whom it serves badly."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_code.arrays import Vector
from model_code.training.channel import Split
from model_code.training.metrics import FALSE_POSITIVE_RATE, Ranking

MOST_VALUES = 20
"""A field with more values keeps the largest ones; the others are one slice."""
OTHER = "other"
AMOUNT = "amount_log"
BANDS = (100, 1_000, 10_000)
"""In the ledger's currency; each begins a slice."""

Groups = Mapping[str, NDArray[np.str_]]
"""Field -> the value of each row."""


def groups_of(test: Split, columns: Sequence[str]) -> Groups:
    """Return what the rows are sliced by: texts that came along (agency), features of two values, bands of amounts."""
    groups = {name: _largest(np.array(values)) for name, values in test.texts.items()}
    for name, values in zip(columns, test.rows.T, strict=True):
        if set(np.unique(values)) == {0.0, 1.0}:
            groups[name] = np.where(values > 0, "1", "0")
        elif name == AMOUNT:
            names = np.array([f"from {edge:,}" for edge in (0, *BANDS)])
            groups["amount"] = names[np.searchsorted(np.log1p(BANDS), values, side="right")]
    return groups


def measure_slices(labels: Vector, scores: Vector, groups: Groups) -> dict[str, dict[str, dict[str, Any]]]:
    """Return field -> value -> rows, anomalies, average_precision, recall_at_1pct_fpr.

    The recall is at the threshold that gives 1 % false positives over all rows: what would be alerted. Where a slice
    holds no anomaly (or nothing else), its average precision is null; without an anomaly the recall is, too.
    """
    alerted = scores >= Ranking.of(labels, scores).threshold_at(FALSE_POSITIVE_RATE)
    return {
        field: {str(value): _measure(labels, scores, alerted, values == value) for value in np.unique(values)}
        for field, values in groups.items()
    }


def _measure(labels: Vector, scores: Vector, alerted: NDArray[np.bool_], inside: NDArray[np.bool_]) -> dict[str, Any]:
    found = labels[inside] > 0
    both = bool(found.any()) and not found.all()
    return {
        "rows": int(inside.sum()),
        "anomalies": int(found.sum()),
        "average_precision": Ranking.of(labels[inside], scores[inside]).average_precision() if both else None,
        "recall_at_1pct_fpr": float(alerted[inside][found].mean()) if found.any() else None,
    }


def _largest(values: NDArray[np.str_]) -> NDArray[np.str_]:
    names, counts = np.unique(values, return_counts=True)
    if len(names) <= MOST_VALUES:
        return values
    return np.where(np.isin(values, names[np.argsort(-counts, kind="stable")[:MOST_VALUES]]), values, OTHER)
