"""What a review of one row in a hundred finds, and what it finds more than rules or the champion, with an interval.

Real labels are few: an average precision of them is low and varies, and tells nobody whether a review is worth it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model_code.algorithms.rules import WrittenRules
from model_code.arrays import Vector
from model_code.training.channel import Split

BUDGET = 0.01
INTERVAL = (2.5, 97.5)
DRAWS = 2000
SEED = 17
LEAST_ANOMALIES = 20
"""Of fewer anomalies each is more than a twentieth of what is found: nothing that is told apart from chance."""


def too_few(labels: Vector) -> str | None:
    """Why held-out rows give no figure of quality; None if they have enough anomalies."""
    anomalies = int(np.sum(labels > 0))
    if anomalies >= LEAST_ANOMALIES:
        return None
    return (
        f"the held-out rows have {anomalies} anomalies, and a figure on fewer than {LEAST_ANOMALIES} says nothing: "
        "bring more reviewed cases, or a longer ledger"
    )


def lift(test: Split, columns: Sequence[str], scores: Vector, champion: Vector | None) -> dict[str, Any]:
    """Return metrics.json's `lift`: the share `found` by each way, and how much more the model finds `over` others.

    Anomalies are drawn again and again, the same for all ways, so that what is easy for all moves no difference.
    """
    ways = {"model": scores, "rules": WrittenRules(tuple(columns)).score(test.rows)}
    ways |= {} if champion is None else {"champion": champion}
    hits = {name: _among_first(each, test.labels) for name, each in ways.items()}
    anomalies = len(hits["model"])
    drawn = np.random.default_rng(SEED).integers(0, anomalies, (DRAWS, anomalies))
    shares = {name: each[drawn].mean(axis=1) for name, each in hits.items()}
    over = {
        name: _figure(hits["model"].mean() - hits[name].mean(), shares["model"] - shares[name])
        for name in ways
        if name != "model"
    }
    found = {name: _figure(each.mean(), shares[name]) for name, each in hits.items()}
    return {"budget": BUDGET, "anomalies": anomalies, "found": found, "over": over}


def _among_first(scores: Vector, labels: Vector) -> Vector:
    """Of each anomaly, whether it is among the first of the review."""
    first = np.argsort(-scores, kind="stable")[: max(1, int(len(scores) * BUDGET))]
    reviewed = np.zeros(len(scores), np.float32)
    reviewed[first] = 1
    return reviewed[labels > 0]


def _figure(value: float, draws: np.ndarray) -> Mapping[str, float]:
    low, high = np.percentile(draws, INTERVAL)
    return {"value": round(float(value), 6), "low": round(float(low), 6), "high": round(float(high), 6)}
