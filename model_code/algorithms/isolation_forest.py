"""An unsupervised score: how few random cuts set a row apart (isolation forest, scikit-learn's).

For evaluations on the laptop: the model image holds no scikit-learn, and nothing that trains or serves imports this.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import IsolationForest as Forest

from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix, Vector


@dataclasses.dataclass(frozen=True)
class IsolationForest:
    """The choices of one forest; every parameter is written out."""

    trees: int = 200
    rows_per_tree: int = 1024
    seed: int = 17

    def fit(self, train: Labelled, validation: Labelled, columns: Sequence[str]) -> "GrownForest":
        """Learn what is usual from all of `train`, without a look at the labels."""
        del validation, columns
        forest = Forest(
            n_estimators=self.trees,
            max_samples=min(self.rows_per_tree, len(train.rows)),
            contamination="auto",
            max_features=1.0,
            bootstrap=False,
            n_jobs=1,
            random_state=self.seed,
        )
        return GrownForest(forest.fit(train.rows))


@dataclasses.dataclass(frozen=True)
class GrownForest:
    """A forest that has learnt."""

    forest: Forest

    def score(self, rows: Matrix) -> Vector:
        """Return 0 (deep in the crowd) to 1 (set apart at once)."""
        return (-self.forest.score_samples(rows)).astype(np.float32)
