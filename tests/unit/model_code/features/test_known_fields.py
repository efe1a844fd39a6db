"""A ledger's view holds no feature of what the ledger can't tell."""

import pytest

from model_code.features.views import BATCH, REALTIME, SHARE_OF_THRESHOLD, View


@pytest.mark.parametrize("view", [REALTIME, BATCH], ids=lambda view: view.name)
@pytest.mark.parametrize("lacking", ["mcc", "office"])
def test_features_of_a_field_that_is_unknown_are_left_out_and_no_others(view: View, lacking: str) -> None:
    known = view.of_ledger(lambda name: name != lacking, thresholds=True)
    assert known.columns == tuple(each.name for each in view.features if lacking not in each.fields)
    assert 10 < len(known.columns) < len(view.columns)
    assert known.name == view.name


def test_without_thresholds_nothing_is_compared_with_one() -> None:
    left_out = set(REALTIME.columns) - set(REALTIME.of_ledger(lambda _: True, thresholds=False).columns)
    assert left_out == {SHARE_OF_THRESHOLD}
    assert REALTIME.of_ledger(lambda _: True, thresholds=True) == REALTIME
