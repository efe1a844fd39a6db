import numpy as np
import pytest

from model_code.algorithms import gradient_boosting
from model_code.algorithms.boosted_trees import GradientBoosting
from model_code.algorithms.hyperparameters import COMBINED, ISOLATION, RANKER, Hyperparameters
from model_code.algorithms.parameters import MONOTONE, all_parameters, constraints, kept_constraints
from model_code.algorithms.protocol import Labelled
from model_code.features.table import COLUMNS


def test_every_constraint_is_on_a_feature_that_exists() -> None:
    assert set(MONOTONE) <= set(COLUMNS)
    assert constraints(["amount_log", "same_amount_15d"]) == {"same_amount_15d": 1}


@pytest.mark.long
@pytest.mark.parametrize("algorithm", ["classifier", RANKER])
def test_a_constrained_feature_never_lowers_the_score(algorithm: str) -> None:
    """The labels say the opposite of the constraint; without it the model would follow them."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(3000, 2))
    against = Labelled(rows, (rows[:, 0] + rows[:, 1] < -1).astype(np.float32))
    grid = np.column_stack([np.linspace(-2, 2, 50), np.zeros(50)])
    rises = {}
    for name in ("same_amount_15d", "free"):
        hyperparameters = Hyperparameters(n_estimators=20, algorithm=algorithm)
        model = gradient_boosting.fit([against], against, [name, "other"], hyperparameters, threads=1)
        rises[name] = np.diff(gradient_boosting.score(model, grid))
    assert (rises["same_amount_15d"] >= 0).all()
    assert (rises["free"] < 0).any()


@pytest.mark.long
def test_no_constraint_is_claimed_of_a_model_that_does_not_keep_it() -> None:
    """The boosted trees of `combined` keep it; the isolation forest's cut at random, and lower the score somewhere."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(2000, 2))
    train = Labelled(rows, (rows[:, 1] > 1.5).astype(np.float32))
    grid = np.column_stack([np.linspace(-4, 4, 60), np.zeros(60)])
    columns = ["same_amount_15d", "other"]
    for algorithm in ("classifier", RANKER, COMBINED, ISOLATION):
        choices = Hyperparameters(n_estimators=10, algorithm=algorithm)
        model = GradientBoosting(choices).fit(train, train, columns)
        rises = bool((np.diff(model.score(grid)) >= 0).all())
        assert rises is bool(kept_constraints(algorithm, columns)), algorithm


def test_the_record_of_a_training_names_the_objective_and_every_choice() -> None:
    recorded = all_parameters(Hyperparameters(algorithm=RANKER, tuning_trials=3))
    assert recorded["objective"] == "rank:ndcg"
    assert recorded["tuning_trials"] == 3
    assert all_parameters(Hyperparameters())["objective"] == "binary:logistic"
