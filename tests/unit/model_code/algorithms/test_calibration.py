import json

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from model_code.algorithms import gradient_boosting
from model_code.algorithms.boosted_trees import GradientBoosting
from model_code.algorithms.calibration import Platt, calibrate, fold, margins
from model_code.algorithms.hyperparameters import RANKER, Hyperparameters
from model_code.algorithms.protocol import Labelled
from model_code.boosters import load_booster

COLUMNS = ["a", "b", "c"]


def labelled(seed: int, rows: int = 1500) -> Labelled:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, 3))
    labels = (values[:, 0] + random.normal(size=rows) > 2).astype(np.float32)
    values[random.random((rows, 3)) < 0.05] = np.nan
    return Labelled(values, labels)


def fit(**choices: object) -> xgboost.Booster:
    hyperparameters = Hyperparameters(**{"n_estimators": 30, **choices})  # ty: ignore[invalid-argument-type]
    return gradient_boosting.fit([labelled(1)], labelled(2), COLUMNS, hyperparameters, threads=1)


MODELS = {"classifier": fit(), "ranker": fit(algorithm=RANKER)}


@pytest.mark.parametrize("family", MODELS)
@given(slope=st.floats(0.05, 5), intercept=st.floats(-6, 6))
@settings(max_examples=20, deadline=None)
def test_the_folded_model_alone_gives_the_scaled_scores(family: str, slope: float, intercept: float) -> None:
    model, rows = MODELS[family], labelled(3).rows
    unfolded = expit(slope * margins(model, rows).astype(float) + intercept)
    saved = gradient_boosting.to_bytes(fold(model, Platt(slope, intercept)))
    folded = gradient_boosting.score(load_booster(saved), rows)
    assert np.abs(folded - unfolded).max() <= 1e-6


@pytest.mark.parametrize("family", MODELS)
def test_a_folded_model_is_an_ordinary_classifier(family: str) -> None:
    folded, _ = calibrate(MODELS[family], labelled(2))
    learner = json.loads(bytes(folded.save_raw("json")))["learner"]
    assert learner["objective"]["name"] == "binary:logistic"
    assert folded.feature_names == COLUMNS
    rows = labelled(3).rows
    data = xgboost.DMatrix(rows, feature_names=COLUMNS)
    shares = folded.predict(data, pred_contribs=True)
    assert expit(shares.sum(axis=1)) == pytest.approx(gradient_boosting.score(folded, rows), abs=1e-5)


@pytest.mark.parametrize("family", MODELS)
def test_calibration_keeps_the_ranking_and_makes_scores_mean_what_they_say(family: str) -> None:
    test = labelled(3, rows=20_000)
    raw = MODELS[family]
    folded, platt = calibrate(raw, labelled(2))
    scores = gradient_boosting.score(folded, test.rows)
    order = np.argsort(margins(raw, test.rows), kind="stable")
    assert (np.diff(scores[order]) >= -1e-6).all()
    assert platt.slope > 0
    assert scores.mean() == pytest.approx(test.labels.mean(), rel=0.2)
    before = np.mean((expit(margins(raw, test.rows)) - test.labels) ** 2)
    assert np.mean((scores - test.labels) ** 2) <= before + 1e-4


def test_overconfident_scores_are_drawn_in() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(-3, 1.5, 20_000)
    labels = (random.random(20_000) < expit(truth)).astype(np.float32)
    platt = Platt.of((3 * truth + 2).astype(np.float32), labels)
    assert platt.slope == pytest.approx(1 / 3, rel=0.1)
    assert platt.intercept == pytest.approx(-2 / 3, abs=0.2)


def test_scores_that_rank_backwards_stay_as_they_are() -> None:
    labels = np.array([1, 1, 0, 0] * 50, dtype=np.float32)
    assert Platt.of(-labels + 0.5, labels) == Platt()


@given(st.integers(1, 20))
def test_perfect_separation_stays_finite(anomalies: int) -> None:
    labels = np.array([1] * anomalies + [0] * 30, dtype=np.float32)
    platt = Platt.of(10 * labels - 5, labels)
    assert np.isfinite([platt.slope, platt.intercept]).all()
    assert platt.slope > 0


def test_the_ranker_ranks_and_scores_like_any_other_algorithm() -> None:
    test = labelled(3)
    model = GradientBoosting(Hyperparameters(n_estimators=30, algorithm=RANKER)).fit(labelled(1), labelled(2), COLUMNS)
    scores = model.score(test.rows)
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[test.labels > 0].mean() > 2 * scores[test.labels == 0].mean()
