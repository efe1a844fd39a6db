"""The figures of one ranking, each with its bootstrap interval."""

from typing import NamedTuple

import numpy as np

from model_code.arrays import Vector
from model_code.training.metrics import ALERTS, FALSE_POSITIVE_RATE, Ranking

BUDGET = 0.01
"""People can look at one row in a hundred."""
RESAMPLES = 200
INTERVAL = (2.5, 97.5)


class Figure(NamedTuple):
    """A figure and its 95 % interval: what other draws of such rows would have given, row by row.

    Anomalies come in groups (the parts of a split purchase), which a draw by row ignores: read it as a lower bound.
    """

    value: float
    low: float
    high: float


def recall_at_budget(labels: Vector, scores: Vector, budget: float = BUDGET) -> float:
    """The share of anomalies among the `budget` (a share of all rows) that score highest."""
    alerts = np.argsort(-scores, kind="stable")[: max(1, int(len(scores) * budget))]
    return float(np.sum(labels[alerts] > 0) / np.sum(labels > 0))


def recall_at_fall_out(labels: Vector, scores: Vector, rate: float = FALSE_POSITIVE_RATE) -> float:
    """The share of anomalies found when `rate` of the ordinary rows are alerted."""
    return float(np.mean(scores[labels > 0] >= Ranking.of(labels, scores).threshold_at(rate)))


def point_figures(labels: Vector, scores: Vector) -> dict[str, float]:
    """Average precision, precision among the first 100, recall at 1 % false positives and at a 1 % review budget."""
    top = np.argsort(-scores, kind="stable")[:ALERTS]
    return {
        "average_precision": Ranking.of(labels, scores).average_precision(),
        "precision_at_100": float(np.mean(labels[top] > 0)),
        "recall_at_1pct_fpr": recall_at_fall_out(labels, scores),
        "recall_at_1pct_budget": recall_at_budget(labels, scores),
    }


def figures(labels: Vector, scores: Vector, *, seed: int, resamples: int = RESAMPLES) -> dict[str, Figure]:
    """The figures with their intervals; same seed, same intervals. Both classes must be there.

    Anomalies and ordinary rows are drawn apart from each other, so that each draw has as many of both.
    """
    rng = np.random.default_rng(seed)
    # In order of score, for then each draw is nearly sorted, and sorts fast.
    order = np.argsort(-scores, kind="stable")
    ranked_labels, ranked_scores = labels[order], scores[order]
    classes = [np.flatnonzero((ranked_labels > 0) == anomalous) for anomalous in (True, False)]
    draws = []
    for _ in range(resamples):
        drawn = np.sort(np.concatenate([rng.choice(rows, len(rows)) for rows in classes]))
        draws.append(list(point_figures(ranked_labels[drawn], ranked_scores[drawn]).values()))
    low, high = np.percentile(draws, INTERVAL, axis=0)
    points = point_figures(labels, scores)
    return {name: Figure(value, float(low[i]), float(high[i])) for i, (name, value) in enumerate(points.items())}


def recall_by_kind(labels: Vector, scores: Vector, kinds: list[str]) -> dict[str, float]:
    """For each kind of anomaly, the recall at 1 % false positives."""
    alerted = scores >= Ranking.of(labels, scores).threshold_at(FALSE_POSITIVE_RATE)
    named = np.array(kinds)
    return {str(kind): float(alerted[(named == kind) & (labels > 0)].mean()) for kind in np.unique(named[labels > 0])}
