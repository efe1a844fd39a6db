import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from model_code.evaluation.figures import (
    Figure,
    figures,
    point_figures,
    recall_at_budget,
    recall_at_fall_out,
    recall_by_kind,
)


def drawn(seed: int, rows: int = 2000, share: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < share).astype(np.float32)
    labels[:2] = 0, 1
    return labels, (rng.normal(size=rows) + 2 * labels).astype(np.float32)


@given(seed=st.integers(0, 1000))
def test_the_figures_are_those_of_the_textbook(seed: int) -> None:
    labels, scores = drawn(seed)
    found = point_figures(labels, scores)
    assert found["average_precision"] == pytest.approx(average_precision_score(labels, scores))
    highest = labels[np.argsort(-scores, kind="stable")]
    assert found["precision_at_100"] == pytest.approx(highest[:100].mean())
    assert found["recall_at_1pct_budget"] == pytest.approx(highest[:20].sum() / labels.sum())
    cut = np.sort(scores[labels == 0])[::-1][int(0.01 * (labels == 0).sum())]
    assert found["recall_at_1pct_fpr"] == pytest.approx((scores[labels > 0] > cut).mean())


def test_a_perfect_ranking_finds_all_that_fits_into_the_budget() -> None:
    labels = np.zeros(1000, dtype=np.float32)
    labels[:20] = 1
    scores = np.arange(1000, 0, -1).astype(np.float32)
    assert recall_at_budget(labels, scores) == 0.5
    assert recall_at_fall_out(labels, scores) == 1
    assert point_figures(labels, scores)["average_precision"] == 1


def test_a_kind_that_scores_low_is_not_hidden_by_the_others() -> None:
    labels = np.array([1, 1, 0, 0, 1], dtype=np.float32)
    scores = np.array([9, 8, 5, 4, 1], dtype=np.float32)
    assert recall_by_kind(labels, scores, ["split", "split", "", "", "velocity"]) == {"split": 1.0, "velocity": 0.0}


def test_intervals_hold_the_figure_and_are_the_same_for_the_same_seed() -> None:
    labels, scores = drawn(5)
    found = figures(labels, scores, seed=3, resamples=60)
    assert found == figures(labels, scores, seed=3, resamples=60)
    assert found != figures(labels, scores, seed=4, resamples=60)
    assert all(figure.low <= figure.value <= figure.high for figure in found.values())


def test_intervals_narrow_with_more_rows() -> None:
    def width(rows: int) -> float:
        figure: Figure = figures(*drawn(1, rows=rows), seed=1, resamples=60)["average_precision"]
        return figure.high - figure.low

    assert width(16_000) < 0.6 * width(2000)


def test_intervals_cover_the_figure_of_the_population_about_as_often_as_they_say() -> None:
    truth = point_figures(*drawn(0, rows=200_000))["average_precision"]
    covered = 0
    for seed in range(40):
        figure = figures(*drawn(seed + 1, rows=3000), seed=seed, resamples=60)["average_precision"]
        covered += figure.low <= truth <= figure.high
    assert covered >= 32
