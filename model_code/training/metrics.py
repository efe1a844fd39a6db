"""How good a ranking is, when few rows are anomalies and people can look at few alerts."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_code.arrays import Vector

ALERTS = 100
FALSE_POSITIVE_RATE = 0.01


@dataclasses.dataclass(frozen=True)
class Ranking:
    """True and false positives (counts) when all scores >= each distinct threshold are alerts, highest first."""

    thresholds: NDArray[np.float32]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]

    @classmethod
    def of(cls, labels: Vector, scores: Vector) -> "Ranking":
        """Rank the rows; rows with equal scores are alerted together. Both classes must be there."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        true_positives = np.cumsum(labels[order] > 0)[ends]
        return cls(ranked[ends], true_positives, ends + 1 - true_positives)

    def average_precision(self) -> float:
        """Return the precision at each threshold, weighted by the recall it adds."""
        precision = self.true_positives / (self.true_positives + self.false_positives)
        recall = self.true_positives / self.true_positives[-1]
        return float(np.sum(np.diff(recall, prepend=0.0) * precision))

    def roc_auc(self) -> float:
        """Return the area under the receiver operating characteristic."""
        recall = np.append(0.0, self.true_positives / self.true_positives[-1])
        fall_out = np.append(0.0, self.false_positives / self.false_positives[-1])
        return float(np.trapezoid(recall, fall_out))

    def threshold_at(self, false_positive_rate: float) -> float:
        """Return the lowest threshold with at most this rate of false positives (infinite when there is none)."""
        allowed = self.false_positives <= false_positive_rate * self.false_positives[-1]
        return float(self.thresholds[allowed][-1]) if allowed.any() else float("inf")


def measure(labels: Vector, scores: Vector, kinds: list[str]) -> dict[str, Any]:
    """Return the figures of metrics.json; anomalies without a kind are counted as kind "unnamed".

    `brier` is the mean squared difference of score and label (Brier, 1950): it judges probabilities, not ranks.
    """
    ranking = Ranking.of(labels, scores)
    positive = labels > 0
    alerted = scores >= ranking.threshold_at(FALSE_POSITIVE_RATE)
    top = np.argsort(-scores, kind="stable")[:ALERTS]
    named = np.array([kind or "unnamed" for kind in kinds])
    return {
        "average_precision": ranking.average_precision(),
        "precision_at_100": float(positive[top].mean()),
        "recall_at_1pct_fpr": float(alerted[positive].mean()),
        "roc_auc": ranking.roc_auc(),
        "brier": float(np.mean((scores.astype(np.float64) - positive) ** 2)),
        "rows": len(labels),
        "anomalies": int(positive.sum()),
        "by_kind": {
            str(kind): float(alerted[positive & (named == kind)].mean()) for kind in np.unique(named[positive])
        },
    }
