"""Several algorithms' scores as one: the classifier for what labels know, the others for what they don't."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from model_code.algorithms.protocol import Labelled, Scorer
from model_code.arrays import Matrix, Vector


@dataclasses.dataclass(frozen=True)
class Rarity:
    """A scorer in units that compare across algorithms: how rare such a score is among ordinary rows."""

    scorer: Scorer
    ordinary: Vector
    """Scores of ordinary rows that the scorer hasn't learnt from, ascending."""

    @classmethod
    def of(cls, scorer: Scorer, validation: Labelled) -> "Rarity":
        """Measure the scorer on the ordinary rows of `validation`."""
        return cls(scorer, np.sort(scorer.score(validation.rows[validation.labels == 0])))

    def score(self, rows: Matrix) -> Vector:
        """Return -log10 of the share of ordinary rows that score as high: 2 is one in a hundred."""
        as_high = len(self.ordinary) - np.searchsorted(self.ordinary, self.scorer.score(rows), side="left")
        return -np.log10((as_high + 1) / (len(self.ordinary) + 1)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Combined:
    """The weighted sum of several scorers' rarities."""

    scorers: Sequence[Rarity]
    weights: Sequence[float]

    @classmethod
    def of(cls, scorers: Mapping[Scorer, float], validation: Labelled) -> "Combined":
        """Combine scorers with their weights; `validation` (no scorer learnt from it) says what is rare."""
        return cls([Rarity.of(scorer, validation) for scorer in scorers], list(scorers.values()))

    def score(self, rows: Matrix) -> Vector:
        """Return the weighted sum; in the same units as one rarity."""
        parts = [weight * scorer.score(rows) for scorer, weight in zip(self.scorers, self.weights, strict=True)]
        return np.sum(parts, axis=0).astype(np.float32)
