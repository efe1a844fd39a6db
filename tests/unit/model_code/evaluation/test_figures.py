import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from model_code.evaluation.figures import (
    Figure,
    Unseen,
    figures,
    mean_recalls,
    point_figures,
    recall_at_budget,
    recall_at_fall_out,
    recall_by_kind,
    times_precision,
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


def test_a_ratio_is_of_the_same_rows_so_that_a_score_against_itself_has_no_interval() -> None:
    labels, scores = drawn(5)
    assert times_precision(labels, scores, scores, seed=3, resamples=20) == (1, 1, 1)


def test_a_ratio_is_that_of_the_figures_and_lies_in_its_interval() -> None:
    labels, scores = drawn(5)
    worse = (scores + np.random.default_rng(1).normal(size=len(scores))).astype(np.float32)
    found = times_precision(labels, scores, worse, seed=3, resamples=60)
    both = [point_figures(labels, each)["average_precision"] for each in (scores, worse)]
    assert found.value == pytest.approx(both[0] / both[1])
    assert 1 < found.low < found.value < found.high
    assert found == times_precision(labels, scores, worse, seed=3, resamples=60)


def unseen(seed: int, better: float) -> dict[str, Unseen]:
    labels, scores = drawn(seed, rows=3000, share=0.03)
    ordinary, anomalies = scores[labels == 0][:2500], scores[labels > 0]
    return {"forest": Unseen(ordinary, anomalies), "both": Unseen(ordinary, anomalies + np.float32(better))}


def test_the_mean_over_the_kinds_is_that_of_their_recalls() -> None:
    kinds = [unseen(1, 0.5), unseen(2, 0.0)]
    means, gains = mean_recalls(kinds, "forest", seed=3, resamples=60)
    for name, mean in means.items():
        recalls = [
            recall_at_fall_out(
                np.repeat(np.array([0, 1], np.float32), [len(kind[name].ordinary), len(kind[name].anomalies)]),
                np.concatenate(kind[name]),
            )
            for kind in kinds
        ]
        assert mean.value == pytest.approx(np.mean(recalls))
        assert mean.low < mean.value < mean.high
    assert gains["both"].value == pytest.approx(means["both"].value - means["forest"].value)
    assert gains["forest"] == (0, 0, 0)


def test_a_difference_between_models_is_surer_than_their_own_means() -> None:
    means, gains = mean_recalls([unseen(1, 0.3), unseen(2, 0.3)], "forest", seed=3, resamples=60)
    assert gains["both"].low > 0
    width = {name: figure.high - figure.low for name, figure in means.items()}
    assert gains["both"].high - gains["both"].low < width["both"]


def test_intervals_narrow_with_more_rows() -> None:
    def width(rows: int) -> float:
        figure: Figure = figures(*drawn(1, rows=rows), seed=1, resamples=60)["average_precision"]
        return figure.high - figure.low

    assert width(16_000) < 0.6 * width(2000)


@pytest.mark.long
def test_intervals_cover_the_figure_of_the_population_about_as_often_as_they_say() -> None:
    truth = point_figures(*drawn(0, rows=200_000))["average_precision"]
    covered = 0
    for seed in range(40):
        figure = figures(*drawn(seed + 1, rows=3000), seed=seed, resamples=60)["average_precision"]
        covered += figure.low <= truth <= figure.high
    assert covered >= 32
