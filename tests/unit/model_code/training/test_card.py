"""What the model card says of a training, where it has little to say."""

import numpy as np
import pytest

from model_code.training.artifact import canonical_json
from model_code.training.card import thresholds


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1, 0, 0]], ids=["no anomaly", "an anomaly that is not the first"])
def test_where_no_score_has_so_few_false_alarms_the_card_names_none(labels: list[float]) -> None:
    told = thresholds(np.array(labels, np.float32), np.array([4, 1, 2, 3], np.float32))
    assert set(told) == {"chosen_on", "review_budget_1pct"}
    assert canonical_json(told)


def test_a_score_with_so_few_false_alarms_is_named() -> None:
    told = thresholds(np.array([0, 1, 0, 0], np.float32), np.array([1, 4, 2, 3], np.float32))
    assert told["false_positives_1pct"] == 4
