import json

import numpy as np
import pytest
import xgboost
from scipy.stats import spearmanr

from model_code.algorithms import gradient_boosting
from model_code.algorithms.boosted_trees import GradientBoosting
from model_code.algorithms.calibration import margins
from model_code.algorithms.gradient_boosting import unlearnt
from model_code.algorithms.hyperparameters import COMBINED, ISOLATION, Hyperparameters
from model_code.algorithms.isolation_forest import IsolationForest
from model_code.algorithms.isolation_trees import WEIGHT, _join, _sample, add_isolation, habits_of
from model_code.algorithms.protocol import Labelled
from model_code.boosters import load_booster

pytestmark = pytest.mark.long
COLUMNS = ["a", "b", "c", "d"]


def labelled(seed: int, rows: int = 4000) -> Labelled:
    """Feature `a` tells the labels; `d` goes far out in one row of a hundred, of which no label knows."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, 4))
    labels = (values[:, 0] + 0.3 * random.normal(size=rows) > 2).astype(np.float32)
    values[random.random(rows) < 0.01, 3] += 12
    values[random.random((rows, 4)) < 0.03] = np.nan
    return Labelled(values, labels)


TRAIN, VALIDATION, TEST = (labelled(seed) for seed in (1, 2, 3))


def choices(**changes: object) -> Hyperparameters:
    return Hyperparameters(**{"n_estimators": 20, "algorithm": COMBINED, **changes})  # ty: ignore[invalid-argument-type]


@pytest.fixture(scope="module")
def boosted() -> xgboost.Booster:
    return gradient_boosting.fit([TRAIN], VALIDATION, COLUMNS, choices(), threads=1)


@pytest.fixture(scope="module")
def joined(boosted: xgboost.Booster) -> xgboost.Booster:
    return add_isolation(boosted, [TRAIN], VALIDATION, seed=17)


def share_of_forest(joined: xgboost.Booster, boosted: xgboost.Booster, rows: np.ndarray) -> np.ndarray:
    return margins(joined, rows) - margins(boosted, rows)


def test_the_forest_adds_its_share_and_leaves_the_boosted_trees_alone(
    joined: xgboost.Booster, boosted: xgboost.Booster
) -> None:
    before, after = (
        json.loads(bytes(model.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]
        for model in (boosted, joined)
    )
    assert after[: len(before)] == before
    assert len(after) == len(before) + 100
    share = share_of_forest(joined, boosted, VALIDATION.rows)
    assert share.std() == pytest.approx(WEIGHT, rel=0.01)


def test_the_forests_share_is_scikit_learns_isolation_score(joined: xgboost.Booster, boosted: xgboost.Booster) -> None:
    """Two forests of other draws order the rows nearly alike."""
    rows = TEST.rows[~np.isnan(TEST.rows).any(axis=1)]
    whole = TRAIN.rows[~np.isnan(TRAIN.rows).any(axis=1)]
    peer = IsolationForest(trees=100, rows_per_tree=256).fit(Labelled(whole, np.zeros(0, np.float32)), TRAIN, COLUMNS)
    ours = share_of_forest(joined, boosted, rows)
    assert spearmanr(ours, peer.score(rows)).statistic > 0.85


def test_an_anomaly_that_no_label_shows_scores_higher_than_without_the_forest() -> None:
    far = np.abs(np.nan_to_num(TEST.rows[:, 3])) > 8
    ordinary = ~far & (TEST.labels == 0)
    ranks = {}
    for algorithm in ("classifier", COMBINED):
        model = GradientBoosting(choices(algorithm=algorithm)).fit(TRAIN, VALIDATION, COLUMNS)
        scores = model.score(TEST.rows)
        ranks[algorithm] = np.mean(scores[far][:, None] > scores[ordinary][None, :])
    assert ranks[COMBINED] > 0.9
    assert ranks[COMBINED] > ranks["classifier"] + 0.2


def test_the_forest_alone_is_scikit_learns_with_probabilities_and_sees_no_label_of_training() -> None:
    alone = GradientBoosting(choices(algorithm=ISOLATION))
    unlabelled = Labelled(TRAIN.rows, np.zeros_like(TRAIN.labels))
    model, blind = (alone.fit(train, VALIDATION, COLUMNS) for train in (TRAIN, unlabelled))
    scores = model.score(TEST.rows)
    assert np.array_equal(scores, blind.score(TEST.rows))
    assert model.booster.num_boosted_rounds() == 100
    assert scores.mean() == pytest.approx(VALIDATION.labels.mean(), abs=0.05)
    here, whole = (part.rows[~np.isnan(part.rows).any(axis=1)] for part in (TEST, TRAIN))
    peer = IsolationForest(trees=100, rows_per_tree=256).fit(Labelled(whole, np.zeros(0, np.float32)), TRAIN, COLUMNS)
    assert spearmanr(model.score(here), peer.score(here)).statistic > 0.85


def test_the_combined_model_is_one_model_whose_reasons_add_up() -> None:
    model = GradientBoosting(choices()).fit(TRAIN, VALIDATION, COLUMNS).booster
    again = load_booster(gradient_boosting.to_bytes(model))
    scores = gradient_boosting.score(again, TEST.rows)
    assert np.array_equal(scores, gradient_boosting.score(model, TEST.rows))
    with_bias = again.predict(xgboost.DMatrix(TEST.rows, feature_names=COLUMNS), pred_contribs=True)
    assert 1 / (1 + np.exp(-with_bias.sum(axis=1))) == pytest.approx(scores, abs=1e-5)
    far = np.nan_to_num(TEST.rows[:, 3]) > 8
    assert (with_bias[far, 3] > 0).all(), "the reason for a row that is far out in d is d"


def test_the_same_seed_grows_the_same_forest(boosted: xgboost.Booster, joined: xgboost.Booster) -> None:
    again, other = (add_isolation(boosted, [TRAIN], VALIDATION, seed=seed) for seed in (17, 18))
    assert gradient_boosting.to_bytes(again) == gradient_boosting.to_bytes(joined)
    assert gradient_boosting.to_bytes(other) != gradient_boosting.to_bytes(joined)


def test_rows_that_are_all_alike_give_a_forest_that_says_nothing(boosted: xgboost.Booster) -> None:
    alike = Labelled(np.ones((300, 4)), np.zeros(300, np.float32))
    joined = add_isolation(boosted, [alike], VALIDATION, seed=1)
    assert np.isfinite(margins(joined, TEST.rows)).all()
    assert share_of_forest(joined, boosted, TEST.rows).std() < 1e-3
    assert gradient_boosting.score(_join(boosted, [], scale=1.0, keep=True), TEST.rows) == pytest.approx(
        gradient_boosting.score(boosted, TEST.rows)
    )


def test_a_sample_holds_rows_of_every_batch_and_no_more_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_code.algorithms.isolation_trees.SAMPLED", 600)
    batches = [Labelled(np.full((1000, 1), float(number)), np.zeros(1000, np.float32)) for number in range(5)]
    counts = np.bincount(_sample(batches, np.random.default_rng(1))[:, 0].astype(int))
    assert counts.sum() == 600
    assert counts.min() > 70


def test_a_forest_alone_finds_odd_what_is_new_or_large_and_not_what_is_rare_on_the_other_side() -> None:
    random = np.random.default_rng(3)
    columns = ["office_unusual", "office_mcc_share", "same_amount_90d"]
    rows = np.column_stack([random.normal(size=3000), random.uniform(0.4, 0.6, 3000), random.normal(size=3000)])
    crowd = Labelled(rows, np.zeros(3000, np.float32))
    model = add_isolation(unlearnt(columns), [crowd], crowd, seed=5, keep=False)
    usual, large, small, rare_code, daily, busy = margins(
        model,
        np.array([[0, 0.5, 0], [6, 0.5, 0], [-6, 0.5, 0], [0, 0.0, 0], [0, 1.0, 0], [0, 0.5, 9]], np.float64),
    )
    assert min(large, rare_code) > max(usual, small, daily, busy) + 0.3
    assert busy == usual


def test_a_forest_alone_cuts_by_own_features_on_the_side_that_their_agency_calls_odd() -> None:
    random = np.random.default_rng(4)
    columns = ["office_unusual", "own_high", "own_low", "own_neither"]
    crowd = Labelled(random.normal(size=(3000, 4)), np.zeros(3000, np.float32))
    meanings = {"own_high": {"odd": "high"}, "own_low": {"odd": "low"}, "own_neither": {}}
    habits = habits_of(meanings)
    model = add_isolation(unlearnt(columns), [crowd], crowd, seed=5, keep=False, habits=habits)
    usual, high, low, wrong, neither = margins(
        model,
        np.array([[0, 0, 0, 0], [0, 6, 0, 0], [0, 0, -6, 0], [0, -6, 6, 0], [0, 0, 0, 9]], np.float64),
    )
    assert min(high, low) > max(usual, wrong, neither) + 0.2
    assert neither == usual
