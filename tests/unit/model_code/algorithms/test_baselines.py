"""Rules and isolation forest, behind the protocol of all algorithms."""

import numpy as np
import pytest

from model_code.algorithms.boosted_trees import GradientBoosting
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.algorithms.isolation_forest import IsolationForest
from model_code.algorithms.protocol import Algorithm, Labelled
from model_code.algorithms.rules import RULES, Rules
from model_code.features.views import REALTIME

ORDINARY = dict.fromkeys(REALTIME.columns, 0.0) | {"merchant_mcc_share_long": 1.0, "merchant_days_since": 3.0}
SUSPICIOUS = [
    {"share_of_threshold": 0.97, "office_merchant_spend_5d": 5.0},
    {"share_of_threshold": 1.2},
    {"office_same_amount_15d": 0.69},
    {"roundness": 4.0},
    {"merchant_days_since": 200.0},
    {"weekend": 1.0},
    {"merchant_mcc_share_long": 0.05},
    {"card_number_1d": 2.0},
]


def rows_of(*rows: dict[str, float]) -> np.ndarray:
    return np.array([[(ORDINARY | row)[name] for name in REALTIME.columns] for row in rows])


def cloud(seed: int, columns: int = 4) -> Labelled:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(600, columns))
    labels = (rng.random(600) < 0.05).astype(np.float32)
    return Labelled(rows + 4 * labels[:, None], labels)


def test_each_rule_fires_on_its_own_case_and_on_no_ordinary_purchase() -> None:
    rules = Rules().fit(cloud(1), cloud(2), REALTIME.columns)
    scores = rules.score(rows_of({}, *SUSPICIOUS))
    assert scores.tolist() == [0.0] + [1.0] * len(RULES)


def test_among_equals_the_larger_amount_comes_first() -> None:
    rules = Rules().fit(cloud(1), cloud(2), REALTIME.columns)
    small, large, fired = rules.score(rows_of({"amount_log": 2.0}, {"amount_log": 20.0}, {"weekend": 1.0}))
    assert small < large < fired


@pytest.mark.parametrize(
    "algorithm", [IsolationForest(trees=30, rows_per_tree=128), GradientBoosting(Hyperparameters(n_estimators=20))]
)
def test_what_is_far_out_scores_high_and_twice_the_same(algorithm: Algorithm) -> None:
    columns = [str(index) for index in range(4)]
    test = cloud(3)
    once, again = (algorithm.fit(cloud(1), cloud(2), columns).score(test.rows) for _ in range(2))
    assert np.array_equal(once, again)
    assert once.dtype == np.float32
    assert np.median(once[test.labels > 0]) > np.quantile(once[test.labels == 0], 0.95)


def test_the_forest_never_looks_at_labels() -> None:
    train = cloud(1)
    without = Labelled(train.rows, np.zeros_like(train.labels))
    forest = IsolationForest(trees=10)
    columns = [str(index) for index in range(4)]
    scores = [forest.fit(known, known, columns).score(train.rows) for known in (train, without)]
    assert np.array_equal(scores[0], scores[1])
