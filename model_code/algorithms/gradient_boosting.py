"""Gradient-boosted trees (XGBoost), classifier and ranker: fitting, scoring, reasons, bytes in and out."""

from collections.abc import Iterable, Sequence

import numpy as np
import xgboost
from numpy.typing import NDArray
from xgboost.callback import EarlyStopping

from model_code.algorithms.hyperparameters import ISOLATION, Hyperparameters
from model_code.algorithms.matrices import Matrices, bins
from model_code.algorithms.parameters import FIXED_PARAMETERS, OBJECTIVES, constraints
from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix, Vector

XGBOOST_VERSION: str = xgboost.__version__
_TREES = ("max_depth", "learning_rate", "subsample", "colsample_bytree", "min_child_weight", "seed")


def fit(
    train: Iterable[Labelled],
    validation: Labelled,
    columns: Sequence[str],
    hyperparameters: Hyperparameters,
    *,
    threads: int,
) -> xgboost.Booster:
    """Return the model of `train`, kept up to the tree that was best on `validation` (all trees without stopping).

    `train` is read batch by batch, more than once. Scores aren't calibrated yet.
    """
    with bins(train, validation, columns, hyperparameters, threads=threads) as given:
        return boost(given, columns, hyperparameters, threads=threads)


def boost(
    given: Matrices, columns: Sequence[str], hyperparameters: Hyperparameters, *, threads: int
) -> xgboost.Booster:
    """Grow the trees on these matrices."""
    parameters = FIXED_PARAMETERS | OBJECTIVES[hyperparameters.algorithm]
    parameters |= {name: getattr(hyperparameters, name) for name in _TREES}
    patience = hyperparameters.early_stopping_rounds
    stopping = EarlyStopping(
        rounds=patience, metric_name="aucpr", data_name="validation", maximize=True, save_best=True
    )
    return xgboost.train(
        parameters | {"nthread": threads, "monotone_constraints": constraints(columns)},
        given.fitted,
        # An isolation forest takes the place of the trees: one is enough to hold it.
        num_boost_round=1 if hyperparameters.algorithm == ISOLATION else hyperparameters.n_estimators,
        evals=[(given.held_back, "validation")],
        callbacks=[stopping] if patience else [],
        verbose_eval=False,
    )


def unlearnt(columns: Sequence[str]) -> xgboost.Booster:
    """Return a model that knows nothing: where labels say nothing, other trees take the place of its one."""
    rows = xgboost.DMatrix(np.zeros((2, len(columns))), np.array([0.0, 1.0]), feature_names=list(columns), nthread=1)
    return xgboost.train(FIXED_PARAMETERS | OBJECTIVES[ISOLATION] | {"nthread": 1}, rows, num_boost_round=1)


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
