"""What the features looked like at training: the monitor compares live traffic with it."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from model_code.arrays import Matrix

DECILES = np.arange(1, 10) / 10


def describe(columns: Iterable[tuple[str, Matrix]]) -> dict[str, dict[str, Any]]:
    """Return each feature's count, missing, mean, min, max, inner decile edges and the bins' shares.

    `columns` are the features' names and values; one after the other, so that a large ledger needn't be in memory.
    A value x belongs to bin `bisect_left(edges, x)`; the shares are of the present values and sum to 1. Each feature
    has at least one value.
    """
    return {name: _describe(values) for name, values in columns}


def _describe(values: Matrix) -> dict[str, Any]:
    present = values[~np.isnan(values)]
    edges = np.unique(np.quantile(present, DECILES, method="inverted_cdf"))
    bins = np.searchsorted(edges, present, side="left")
    return {
        "count": len(values),
        "missing": len(values) - len(present),
        "mean": float(present.mean()),
        "min": float(present.min()),
        "max": float(present.max()),
        "edges": edges.tolist(),
        "shares": (np.bincount(bins, minlength=len(edges) + 1) / len(present)).tolist(),
    }
