"""Gradient-boosted trees (XGBoost): the parameters, fitting, scoring, bytes in and out.

Measured on the Fraud Detection Handbook's data: XGBoost's own defaults moved between versions and cost 0.075 average
precision without a word. So nothing is left to a default here, and the artifact names the version.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray
from xgboost.callback import EarlyStopping

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.arrays import Matrix, Vector

XGBOOST_VERSION: str = xgboost.__version__
OBJECTIVE = "binary:logistic"
FIXED_PARAMETERS: dict[str, Any] = {
    "objective": OBJECTIVE,
    "eval_metric": "aucpr",
    "booster": "gbtree",
    "device": "cpu",
    "tree_method": "hist",
    "max_bin": 256,
    "grow_policy": "depthwise",
    "max_leaves": 0,
    "max_delta_step": 0.0,
    "sampling_method": "uniform",
    "colsample_bylevel": 1.0,
    "colsample_bynode": 1.0,
    "num_parallel_tree": 1,
    "gamma": 0.0,
    "reg_lambda": 1.0,
    "reg_alpha": 0.0,
    "scale_pos_weight": 1.0,
    "base_score": 0.5,
    "seed_per_iteration": False,
    "validate_parameters": True,
}


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Rows with what they turned out to be (1 anomaly, 0 not)."""

    rows: Matrix
    labels: Vector


def all_parameters(hyperparameters: Hyperparameters) -> dict[str, Any]:
    """Return every parameter of a training, for the record: the choices and what is fixed."""
    return FIXED_PARAMETERS | dataclasses.asdict(hyperparameters)


def fit(
    train: Labelled, validation: Labelled, columns: Sequence[str], hyperparameters: Hyperparameters, *, threads: int
) -> xgboost.Booster:
    """Return the model of `train`, kept up to the tree that was best on `validation` (all trees without stopping)."""
    parameters = all_parameters(hyperparameters)
    trees = parameters.pop("n_estimators")
    patience = parameters.pop("early_stopping_rounds")
    bins = parameters["max_bin"]
    names = list(columns)
    fitted = xgboost.QuantileDMatrix(
        train.rows, train.labels, feature_names=names, max_bin=bins, nthread=threads, missing=np.nan
    )
    held_back = xgboost.QuantileDMatrix(
        validation.rows, validation.labels, feature_names=names, max_bin=bins, nthread=threads, ref=fitted
    )
    stopping = EarlyStopping(
        rounds=patience, metric_name="aucpr", data_name="validation", maximize=True, save_best=True
    )
    return xgboost.train(
        parameters | {"nthread": threads},
        fitted,
        num_boost_round=trees,
        evals=[(held_back, "validation")],
        callbacks=[stopping] if patience else [],
        verbose_eval=False,
    )


def score(model: xgboost.Booster, rows: Matrix) -> Vector:
    """Return the probability of an anomaly for each row. Safe from several threads at once."""
    return model.inplace_predict(rows, missing=np.nan, validate_features=False)


def contributions(model: xgboost.Booster, rows: Matrix) -> NDArray[np.float32]:
    """Return each feature's share of each row's score, in log-odds (exact tree SHAP). One thread at a time."""
    data = xgboost.DMatrix(rows, missing=np.nan, feature_names=model.feature_names, nthread=1)
    return model.predict(data, pred_contribs=True)[:, :-1]


def to_bytes(model: xgboost.Booster) -> bytes:
    """Return the model as UBJSON, XGBoost's own stable format; never pickle."""
    return bytes(model.save_raw("ubj"))


def from_bytes(content: bytes) -> xgboost.Booster:
    """Return the model of these UBJSON bytes, to be run on one thread.

    Raises:
        xgboost.core.XGBoostError: the bytes are no model.
    """
    model = xgboost.Booster({"nthread": 1})
    model.load_model(bytearray(content))
    return model


@dataclasses.dataclass(frozen=True)
class GradientBoosting:
    """This family behind the protocol of all algorithms."""

    hyperparameters: Hyperparameters
    threads: int = 1

    def fit(self, train: Labelled, validation: Labelled, columns: Sequence[str]) -> "BoostedTrees":
        """Return what `fit` returns, as a scorer."""
        return BoostedTrees(fit(train, validation, columns, self.hyperparameters, threads=self.threads))


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
