import numpy as np
import pytest

from model_code.arrays import Vector
from model_code.training.channel import Split
from model_code.training.metrics import measure
from model_code.training.slices import MOST_VALUES, OTHER, groups_of, measure_slices

LABELS = np.array([1, 0, 0, 1, 0, 0, 0, 0], dtype=np.float32)
SCORES = np.linspace(1, 0, 8, dtype=np.float32)


def split(rows: np.ndarray, labels: Vector = LABELS, **texts: list[str]) -> Split:
    return Split(rows, labels, ["split" if label else "" for label in labels], texts)


def test_texts_two_valued_features_and_amounts_make_slices_and_nothing_else_does() -> None:
    amounts = np.log1p([50, 100, 999.99, 1000, 9999, 10_000, 0, 5])
    rows = np.column_stack([amounts, [0, 1] * 4, np.arange(8)])
    groups = groups_of(split(rows, agency=["Energy"] * 3 + ["Labor"] * 5), ["amount_log", "weekend", "pace"])
    assert set(groups) == {"agency", "amount", "weekend"}
    assert groups["weekend"].tolist() == ["0", "1"] * 4
    assert groups["amount"].tolist() == [
        *("from 0", "from 100", "from 100", "from 1,000", "from 1,000", "from 10,000", "from 0", "from 0")
    ]


def test_the_slices_of_a_field_hold_every_row_once() -> None:
    groups = {"agency": np.array(["a", "b", "c", "a", "b", "c", "a", "b"])}
    parts = measure_slices(LABELS, SCORES, groups)["agency"]
    assert sum(part["rows"] for part in parts.values()) == 8
    assert sum(part["anomalies"] for part in parts.values()) == 2


def test_one_slice_of_all_rows_has_the_figures_of_all_rows() -> None:
    whole = measure_slices(LABELS, SCORES, {"all": np.array(["x"] * 8)})["all"]["x"]
    overall = measure(LABELS, SCORES, [""] * 8)
    assert whole["average_precision"] == pytest.approx(overall["average_precision"])
    assert whole["recall_at_1pct_fpr"] == overall["recall_at_1pct_fpr"]


def test_a_slice_that_is_ranked_worse_shows_it() -> None:
    labels = np.array([1, 0, 0, 0, 0, 0, 0, 1], dtype=np.float32)
    parts = measure_slices(labels, SCORES, {"agency": np.array(["good"] * 4 + ["bad"] * 4)})["agency"]
    assert parts["good"]["average_precision"] == 1
    assert parts["bad"]["average_precision"] == 0.25
    assert (parts["good"]["recall_at_1pct_fpr"], parts["bad"]["recall_at_1pct_fpr"]) == (1, 0)


def test_a_slice_without_anomalies_has_no_figures_rather_than_good_ones() -> None:
    parts = measure_slices(LABELS, SCORES, {"agency": np.array(["a"] * 4 + ["b"] * 4)})["agency"]
    assert parts["b"] == {"rows": 4, "anomalies": 0, "average_precision": None, "recall_at_1pct_fpr": None}


def test_a_field_of_many_values_keeps_its_largest() -> None:
    names = [f"office {number // 2:02d}" for number in range(60)] + ["office 00"]
    values = groups_of(split(np.zeros((61, 1)), np.zeros(61, np.float32), office=names), ["x"])["office"]
    assert len(set(values.tolist())) == MOST_VALUES + 1
    assert OTHER in values
    assert "office 00" in values
