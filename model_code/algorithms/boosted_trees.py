"""XGBoost's classifier and ranker behind the protocol of all algorithms."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xgboost
from numpy.typing import NDArray

from model_code.algorithms.calibration import Platt, calibrate, centre
from model_code.algorithms.gradient_boosting import contributions, fit, score
from model_code.algorithms.hyperparameters import COMBINED, FORESTS, Hyperparameters
from model_code.algorithms.isolation_trees import HABITS, add_isolation
from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix, Vector


def finish(
    model: xgboost.Booster,
    train: Iterable[Labelled],
    validation: Labelled,
    hyperparameters: Hyperparameters,
    *,
    labelled: bool = True,
    habits: Mapping[str, int] = HABITS,
) -> tuple[xgboost.Booster, Platt]:
    """Return the fitted model as it is deployed: with or as an isolation forest where asked for, and calibrated.

    Where labels say nothing, the boosted trees have learnt nothing and aren't kept. `habits`: what a forest that stands
    alone cuts by.
    """
    if hyperparameters.algorithm in FORESTS:
        both = hyperparameters.algorithm == COMBINED and labelled
        model = add_isolation(model, train, validation, seed=hyperparameters.seed, keep=both, habits=habits)
    return calibrate(model, validation) if labelled else centre(model, validation)


@dataclasses.dataclass(frozen=True)
class GradientBoosting:
    """The choices of one model; its scores are calibrated on validation unless there is none to spare."""

    hyperparameters: Hyperparameters
    threads: int = 1
    calibrated: bool = True

    def fit(self, train: Labelled, validation: Labelled, columns: Sequence[str]) -> "BoostedTrees":
        """Return what `fit` returns, as a scorer."""
        model = fit([train], validation, columns, self.hyperparameters, threads=self.threads)
        if not self.calibrated:
            return BoostedTrees(model)
        return BoostedTrees(finish(model, [train], validation, self.hyperparameters)[0])


@dataclasses.dataclass(frozen=True)
class BoostedTrees:
    """Trees that have learnt."""

    booster: xgboost.Booster

    def score(self, rows: Matrix) -> Vector:
        """Return the probability of an anomaly for each row."""
        return score(self.booster, rows)

    def contributions(self, rows: Matrix) -> NDArray[np.float32]:
        """Return each feature's share of each row's score, in log-odds."""
        return contributions(self.booster, rows)
