"""Scores that are probabilities: Platt scaling on rows that no tree was grown on, folded into the trees themselves.

J. Platt, "Probabilistic outputs for support vector machines" (1999). The scaled log-odds are `slope * margin +
intercept`; a margin is a sum of leaves, so scaled leaves, with the intercept in one tree's, give the same, and nothing
that serves, explains or compiles the model has to know.
"""

import dataclasses
import json
import math
from typing import Any

import numpy as np
import xgboost
from scipy.optimize import minimize
from scipy.special import expit

from model_code.algorithms.parameters import OBJECTIVE
from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix, Vector
from model_code.boosters import booster_of

UNUSUAL = 0.01
"""Which share of validation scores above 0.5 where no label says what a score means."""


@dataclasses.dataclass(frozen=True)
class Platt:
    """The scaling; `Platt()` changes nothing."""

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def of(cls, margins: Vector, labels: Vector) -> "Platt":
        """Return the scaling that makes `labels` likeliest, with Platt's own guard against certainty.

        Margins that rank the rows backwards (a slope below zero) stay as they are: turning them round would turn a
        monotone constraint round as well.
        """
        positive, total = float(np.sum(labels > 0)), len(labels)
        targets = np.where(labels > 0, (positive + 1) / (positive + 2), 1 / (total - positive + 2))
        wide = margins.astype(np.float64)

        def loss(scaling: np.ndarray) -> tuple[float, np.ndarray]:
            margin = scaling[0] * wide + scaling[1]
            error = expit(margin) - targets
            return float(np.mean(np.logaddexp(0, margin) - targets * margin)), np.array(
                [np.mean(error * wide), np.mean(error)]
            )

        slope, intercept = minimize(loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
        return cls(float(slope), float(intercept)) if slope > 0 else cls()


def calibrate(model: xgboost.Booster, validation: Labelled) -> tuple[xgboost.Booster, Platt]:
    """Return the model with its scores made probabilities on `validation`, and how they were scaled."""
    platt = Platt.of(margins(model, validation.rows), validation.labels)
    return fold(model, platt), platt


def centre(model: xgboost.Booster, validation: Labelled) -> tuple[xgboost.Booster, Platt]:
    """Return the model with its scores centred, as nothing is known of probabilities: 0.5 begins the top hundredth."""
    found = margins(model, validation.rows).astype(np.float64)
    platt = Platt(intercept=-float(np.quantile(found, 1 - UNUSUAL)))
    return fold(model, platt), platt


def margins(model: xgboost.Booster, rows: Matrix) -> Vector:
    """Return each row's sum of leaves: log-odds of a classifier, any scale of a ranker."""
    return model.inplace_predict(rows, predict_type="margin", missing=np.nan, validate_features=False)


def fold(model: xgboost.Booster, platt: Platt) -> xgboost.Booster:
    """Return a model whose probabilities are the scaled ones, whatever the objective it was trained for."""
    document = json.loads(bytes(model.save_raw("json")))
    learner = document["learner"]
    # Into the first tree's leaves: single precision can't tell base scores near 1 apart.
    shift = platt.slope * _base_margin(learner) + platt.intercept
    for tree in learner["gradient_booster"]["model"]["trees"]:
        leaves = [child < 0 for child in tree["left_children"]]
        for field in ("base_weights", "split_conditions"):
            tree[field] = [
                platt.slope * value + shift if leaf else value for value, leaf in zip(tree[field], leaves, strict=True)
            ]
        shift = 0.0
    learner["learner_model_param"]["base_score"] = "[5E-1]"
    learner["objective"] = {"name": OBJECTIVE, "reg_loss_param": {"scale_pos_weight": "1"}}
    return booster_of(document)


def _base_margin(learner: dict[str, Any]) -> float:
    score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    return math.log(score / (1 - score)) if learner["objective"]["name"] == OBJECTIVE else score
