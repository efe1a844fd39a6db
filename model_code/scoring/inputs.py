"""How the rows that a model scores spread over its training's values: what the drift monitor reads of a scoring."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model_code.arrays import Matrix


def counted(baseline: Mapping[str, Any], columns: Sequence[str], features: Matrix) -> dict[str, Any]:
    """How many rows there are, and how many lie in each bin of the baseline by feature; last those without a value.

    A value x belongs to bin `bisect_left(edges, x)`, as in training.
    """
    counts = {name: _counts(baseline[name]["edges"], features[:, at]) for at, name in enumerate(columns)}
    return {"rows": len(features), "counts": counts}


def _counts(edges: Sequence[float], values: Matrix) -> list[int]:
    present = values[~np.isnan(values)]
    bins = np.searchsorted(np.asarray(edges), present, side="left")
    return [*np.bincount(bins, minlength=len(edges) + 1).tolist(), len(values) - len(present)]
