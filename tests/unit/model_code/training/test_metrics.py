import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as reference

from model_code.training.metrics import Ranking, measure


@st.composite
def ranked_rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes and scores with many ties."""
    labels = np.array(draw(st.lists(st.integers(0, 1), min_size=2, max_size=150)), dtype=np.float32)
    assume(0 < labels.sum() < len(labels))
    levels = draw(st.integers(1, 40))
    scores = draw(st.lists(st.integers(0, levels), min_size=len(labels), max_size=len(labels)))
    return labels, np.array(scores, dtype=np.float32) / np.float32(levels)


@given(ranked_rows())
def test_metrics_are_those_of_scikit_learn(rows: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = rows
    measured = measure(labels, scores, ["split"] * len(labels))
    assert measured["average_precision"] == pytest.approx(reference.average_precision_score(labels, scores))
    assert measured["roc_auc"] == pytest.approx(reference.roc_auc_score(labels, scores))
    false_rate, recall, _ = reference.roc_curve(labels, scores, drop_intermediate=False)
    assert measured["recall_at_1pct_fpr"] == pytest.approx(recall[false_rate <= 0.01].max())


@given(ranked_rows(), st.floats(0, 1))
def test_a_threshold_keeps_to_its_rate_of_false_positives(rows: tuple[np.ndarray, np.ndarray], rate: float) -> None:
    labels, scores = rows
    alerted = scores >= Ranking.of(labels, scores).threshold_at(rate)
    assert alerted[labels == 0].mean() <= rate


def test_recall_is_told_by_kind_and_nameless_anomalies_are_counted() -> None:
    labels = np.array([1, 1, 1, 1] + [0] * 200, dtype=np.float32)
    scores = np.array([0.9, 0.8, 0.1, 0.7] + [0.2] * 200, dtype=np.float32)
    measured = measure(labels, scores, ["split", "split", "weekend", ""] + [""] * 200)
    assert measured["by_kind"] == {"split": 1.0, "weekend": 0.0, "unnamed": 1.0}
    assert measured["precision_at_100"] == 0.03
    assert (measured["rows"], measured["anomalies"]) == (204, 4)


def test_precision_at_100_is_over_all_rows_when_there_are_fewer() -> None:
    measured = measure(np.array([1, 0], dtype=np.float32), np.array([0.9, 0.1], dtype=np.float32), ["split", ""])
    assert measured["precision_at_100"] == 0.5
