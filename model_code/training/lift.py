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
"""People can look at one row in a hundred."""
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
    hits = {name: among_first(each, test.labels) for name, each in ways.items()}
    return {"budget": BUDGET, "anomalies": len(hits["model"]), **compared(hits, "model")}


def among_first(scores: Vector, labels: Vector, budget: float = BUDGET) -> Vector:
    """Of each anomaly, whether it is among the first of a review of `budget` (a share of all rows)."""
    first = np.argsort(-scores, kind="stable")[: max(1, int(len(scores) * budget))]
    reviewed = np.zeros(len(scores), np.float32)
    reviewed[first] = 1
    return reviewed[labels > 0]


def compared(hits: Mapping[str, Vector], chosen: str) -> dict[str, dict[str, dict[str, float]]]:
    """Return the share `found` by each way, and how much more the chosen one finds `over` each other; with intervals.

    `hits` has for each way, and each anomaly in the same order, whether it is among the first (`among_first`).
    """
    anomalies = len(hits[chosen])
    drawn = np.random.default_rng(SEED).integers(0, anomalies, (DRAWS, anomalies))
    shares = {name: each[drawn].mean(axis=1) for name, each in hits.items()}
    over = {
        name: _figure(hits[chosen].mean() - hits[name].mean(), shares[chosen] - shares[name])
        for name in hits
        if name != chosen
    }
    return {"found": {name: _figure(each.mean(), shares[name]) for name, each in hits.items()}, "over": over}


def _figure(value: float, draws: np.ndarray) -> dict[str, float]:
    low, high = np.percentile(draws, INTERVAL)
    return {"value": float(value), "low": float(low), "high": float(high)}
