import json

import numpy as np
import pytest

from model_code.algorithms import gradient_boosting
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.algorithms.parameters import all_parameters
from model_code.algorithms.protocol import Labelled
from model_code.boosters import load_booster
from model_code.errors import InputError

COLUMNS = ["a", "b", "c"]


def labelled(seed: int) -> Labelled:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(400, 3))
    noise = random.random(400) < 0.1
    rows[random.random((400, 3)) < 0.1] = np.nan
    return Labelled(rows, ((np.nan_to_num(rows[:, 0]) > 1) ^ noise).astype(np.float32))


def fit(**choices: float) -> gradient_boosting.xgboost.Booster:
    hyperparameters = Hyperparameters(**{"n_estimators": 40, **choices})  # ty: ignore[invalid-argument-type]
    return gradient_boosting.fit([labelled(1)], labelled(2), COLUMNS, hyperparameters, threads=1)


def test_no_parameter_is_left_to_a_default_of_the_library() -> None:
    """What XGBoost itself says that it used, next to what we wrote out."""
    model = fit(early_stopping_rounds=0)
    learner = json.loads(model.save_config())["learner"]
    train_parameters = learner["gradient_booster"]["tree_train_param"]
    ours = all_parameters(Hyperparameters())
    aliases = {"eta": "learning_rate", "min_split_loss": "gamma", "alpha": "reg_alpha", "lambda": "reg_lambda"}
    internal = {"cache_opt", "interaction_constraints", "monotone_constraints", "refresh_leaf", "sketch_ratio"}
    internal |= {"max_cat_threshold", "max_cat_to_onehot", "sparse_threshold"}
    written = {aliases.get(name, name): value for name, value in train_parameters.items()}
    unwritten = set(written) - internal - set(ours)
    assert not unwritten
    for name in ("max_depth", "max_bin", "reg_lambda", "reg_alpha", "subsample", "colsample_bynode", "max_leaves"):
        assert float(written[name]) == pytest.approx(ours[name], rel=1e-6), name
    assert learner["learner_train_param"]["objective"] == ours["objective"]
    assert float(learner["learner_model_param"]["base_score"].strip("[]")) == ours["base_score"]


def test_early_stopping_keeps_the_best_trees_and_zero_keeps_all() -> None:
    assert fit(n_estimators=200, early_stopping_rounds=5).num_boosted_rounds() < 200
    assert fit(n_estimators=25, early_stopping_rounds=0).num_boosted_rounds() == 25


def test_bytes_bring_back_the_same_scores() -> None:
    model = fit()
    again = load_booster(gradient_boosting.to_bytes(model))
    rows = labelled(3).rows
    assert np.array_equal(gradient_boosting.score(model, rows), gradient_boosting.score(again, rows))
    assert again.feature_names == COLUMNS


def test_contributions_add_up_to_the_score() -> None:
    model = fit()
    rows = labelled(3).rows
    with_bias = model.predict(gradient_boosting.xgboost.DMatrix(rows, feature_names=COLUMNS), pred_contribs=True)
    log_odds = gradient_boosting.contributions(model, rows).sum(axis=1) + with_bias[:, -1]
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(gradient_boosting.score(model, rows), abs=1e-5)


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(InputError, match="isn't a model that XGBoost can read"):
        load_booster(b"{}")
