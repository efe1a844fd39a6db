"""How many instances a target tracking policy wants."""

import pytest

from local.sagemaker.scaler import FALL_MINUTES, wanted

TRACKING = {"TargetValue": 100.0}


@pytest.mark.parametrize(
    ("count", "minutes", "expected"),
    [
        (1, [250] * 15, 3),  # out in proportion
        (1, [250, 250, 90] + [90] * 12, 1),  # three minutes above the target, not two
        (3, [150] * 15, 2),  # in by one at a time: half the target would be enough for two
        (3, [3] * 15, 2),
        (2, [195] * 15, 2),  # within a tenth of the target
        (2, [20] * 14 + [195], 2),  # fifteen minutes below, not fourteen
        (2, [0] * 15, 2),  # no data is no low load
        (2, [20] * 7 + [0] + [20] * 7, 2),
    ],
)
def test_the_count_follows_the_load_out_fast_in_slowly_and_never_without_data(
    count: int, minutes: list[int], expected: int
) -> None:
    assert len(minutes) == FALL_MINUTES
    assert wanted(TRACKING, count, minutes) == expected


def test_a_policy_may_refuse_to_scale_in() -> None:
    assert wanted(TRACKING | {"DisableScaleIn": True}, 2, [20] * 15) == 2
