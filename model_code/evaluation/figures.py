"""The figures of one ranking, each with its bootstrap interval."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_code.arrays import Vector
from model_code.training.lift import BUDGET, INTERVAL, among_first
from model_code.training.metrics import ALERTS, FALSE_POSITIVE_RATE, Ranking

RESAMPLES = 200


Rows = NDArray[np.int64]
"""Which rows, by number."""


class Figure(NamedTuple):
    """A figure and its 95 % interval: what other draws of such rows would have given, row by row.

    Anomalies come in groups (the parts of a split purchase), which a draw by row ignores: read it as a lower bound.
    """

    value: float
    low: float
    high: float


def recall_at_budget(labels: Vector, scores: Vector, budget: float = BUDGET) -> float:
    """The share of anomalies among the `budget` (a share of all rows) that score highest."""
    return float(np.mean(among_first(scores, labels, budget), dtype=float))


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
    points = point_figures(labels, scores)
    return _intervals(list(points), np.array(list(points.values())), np.array(draws))


def times_precision(labels: Vector, ours: Vector, theirs: Vector, *, seed: int, resamples: int = RESAMPLES) -> Figure:
    """How many times `theirs` the average precision of `ours` is: two scores of the same rows, drawn together."""
    rng = np.random.default_rng(seed)
    classes = [np.flatnonzero((labels > 0) == anomalous) for anomalous in (True, False)]

    def times(rows: Rows) -> float:
        found = [Ranking.of(labels[rows], scores[rows]).average_precision() for scores in (ours, theirs)]
        return found[0] / found[1]

    draws = [times(np.concatenate([rng.choice(rows, len(rows)) for rows in classes])) for _ in range(resamples)]
    low, high = np.percentile(draws, INTERVAL)
    return Figure(times(np.arange(len(labels))), float(low), float(high))


class Unseen(NamedTuple):
    """What one model gives the ordinary rows, and the anomalies of one kind that its training never showed."""

    ordinary: Vector
    anomalies: Vector


def mean_recalls(
    kinds: Sequence[Mapping[str, Unseen]], base: str, *, seed: int, resamples: int = RESAMPLES
) -> tuple[dict[str, Figure], dict[str, Figure]]:
    """By model, the mean over the kinds of the recall at 1 % false positives; and its difference from that of `base`.

    One entry of `kinds` per kind, with the same models and ordinary rows in each. A draw is the same for all models.
    """
    rng = np.random.default_rng(seed)
    names, sizes = list(kinds[0]), [len(kind[base].anomalies) for kind in kinds]
    ordinary = np.arange(len(kinds[0][base].ordinary))
    points = _means(kinds, ordinary, [np.arange(size) for size in sizes])
    draws = np.array(
        [
            _means(kinds, rng.choice(ordinary, len(ordinary)), [rng.integers(0, size, size) for size in sizes])
            for _ in range(resamples)
        ]
    )
    at = names.index(base)
    gains = _intervals(names, points - points[at], draws - draws[:, [at]])
    return _intervals(names, points, draws), gains


def _means(kinds: Sequence[Mapping[str, Unseen]], ordinary: Rows, anomalies: Sequence[Rows]) -> NDArray[np.float64]:
    """By model, the mean recall over the kinds of these rows."""
    recalls = [
        [_recall(one.ordinary[ordinary], one.anomalies[rows]) for one in kind.values()]
        for kind, rows in zip(kinds, anomalies, strict=True)
    ]
    return np.mean(recalls, axis=0)


def _recall(ordinary: Vector, anomalies: Vector) -> float:
    """`recall_at_fall_out`, without ranking every row: what lies above the last ordinary row that may be alerted."""
    place = len(ordinary) - 1 - int(FALSE_POSITIVE_RATE * len(ordinary))
    return float(np.mean(anomalies > np.partition(ordinary, place)[place]))


def _intervals(names: Sequence[str], points: NDArray[np.float64], draws: NDArray[np.float64]) -> dict[str, Figure]:
    low, high = np.percentile(draws, INTERVAL, axis=0)
    return {name: Figure(float(points[i]), float(low[i]), float(high[i])) for i, name in enumerate(names)}


def recall_by_kind(labels: Vector, scores: Vector, kinds: list[str]) -> dict[str, float]:
    """For each kind of anomaly, the recall at 1 % false positives."""
    alerted = scores >= Ranking.of(labels, scores).threshold_at(FALSE_POSITIVE_RATE)
    named = np.array(kinds)
    return {str(kind): float(alerted[(named == kind) & (labels > 0)].mean()) for kind in np.unique(named[labels > 0])}
