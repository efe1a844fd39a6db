"""Reasons by an agency's own features: how much, compared with what, since when; nothing of what is blank."""

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from model_code.etl.mapping_file import read_mapping
from model_code.etl.ready import fact_windows
from model_code.features.build import LOG_UNIT
from model_code.features.own import Own
from model_code.features.views import REALTIME, meanings
from model_code.scoring.purchase import Purchase, Setting
from model_code.scoring.sentences import reasons
from tests.unit.model_code.own_ledgers import FEATURES, MAPPING
from tests.unit.model_code.scoring.test_sentences import OFFICE, day, known, purchase


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    path = tmp_path_factory.mktemp("mapping") / "columns.toml"
    path.write_text(MAPPING)
    return read_mapping(path).own


def given(own: Own, **changes: Any) -> Purchase:  # noqa: ANN401
    """A purchase with own columns; all windows empty but for the changes."""
    setting = Setting(date(2024, 1, 1), date(2026, 1, 31), [], meanings(REALTIME.with_own(own)), own.described)
    row = {window.name: None for window in fact_windows(own)} | dict.fromkeys(FEATURES, 0.0)
    row |= {"own_grade": "SES", "own_hours": 40.0, "own_ends": datetime(2025, 12, 31), "own_note": "A GIFT CARD"}  # noqa: DTZ001
    return purchase(setting, **row | {"agency": "Parks"} | known(OFFICE, 10, 100, "2025-08-01") | changes)


def facts(by: str, days: int, **values: float) -> dict[str, float]:
    names = {"number": "count_day", "first": "min_day", "last": "max_day", "logs": "sum_log_amount"}
    names |= {"count": "count_own_hours_log", "sum": "sum_own_hours_log", "most": "max_own_hours_log"}
    names |= {"largest": "max_log_amount"}
    return {f"{names[name]}_{by}_{-days}_-1": value for name, value in values.items()}


SINCE = {"first": day("2025-03-09"), "last": day("2026-01-03")}
FIVE = np.log1p(5) * LOG_UNIT
GRADE, HERE = "own_grade_key", "own_grade_key_merchant"
USUAL = "412.50 USD, 4.1 times the usual purchase of this office since 2025-08 (100.00 USD over 10 purchases)"
TOLD = {
    "grade_in_office": (
        facts("office", 700, number=140, **SINCE) | facts("office_own_grade", 700, number=2),
        "Grade SES: 2 of the 140 purchases of this office since 2025-03 had it",
    ),
    "note_of_grade": (
        facts(GRADE, 300, number=20, **SINCE),
        "Note A GIFT CARD: 0 of the 20 purchases with grade SES since 2025-03 had it",
    ),
    "grade_amount": (
        facts(GRADE, 365, number=14, first=SINCE["first"], logs=14 * np.log1p(51.2) * LOG_UNIT),
        "412.50 USD, 8.1 times the usual purchase with grade SES since 2025-03 (51.20 USD over 14 purchases)",
    ),
    "grade_largest": (
        facts("own_grade_key_office", 365, number=14, first=SINCE["first"], largest=np.log1p(100) * LOG_UNIT),
        (
            "412.50 USD, 4.1 times the largest purchase with grade SES of this office since 2025-03 "
            "(100.00 USD among 14 purchases)"
        ),
    ),
    "hours_unusual": (
        facts("office", 365, number=14, count=13, sum=13 * FIVE, **SINCE),
        "Hours 40, 8.0 times the usual one of this office since 2025-03 (5 over 13 purchases)",
    ),
    "hours_largest": (
        facts("merchant", 365, number=14, count=13, most=FIVE, **SINCE),
        "Hours 40, 8.0 times the largest one at this vendor since 2025-03 (5 over 13 purchases)",
    ),
    "hours_of_card": (
        {"hours_of_card": np.log1p(120)} | facts("card", 30, number=3, count=3, sum=3 * FIVE, **SINCE),
        (
            "Hours 120 in all by this card in the 30 days before; hours 40, 8.0 times the usual one by this card since "
            "2025-03 (5 over 3 purchases)"
        ),
    ),
    "spent_by_grade": (
        {"spent_by_grade": np.log1p(900)}
        | facts(GRADE, 7, number=3, first=SINCE["first"], logs=3 * np.log1p(300) * LOG_UNIT),
        (
            "900.00 USD spent with grade SES in the 7 days before; this is 412.50 USD, 1.4 times the usual purchase "
            "with grade SES since 2025-03 (300.00 USD over 3 purchases)"
        ),
    ),
    "hours_now": ({}, f"Hours 40; {USUAL}"),
    "after_the_end": ({"after_the_end": 31.0}, f"Ends 2025-12-31, 31 days before this purchase; {USUAL}"),
    "gifts": ({"gifts": 1.0}, f"The note says GIFT; {USUAL}"),
    "grade_number": (
        {"grade_number": np.log(3)} | facts(HERE, 1095, number=9, **SINCE),
        "2 purchases with grade SES at this vendor in the 5 days before; 9 purchases since 2025-03",
    ),
    "grade_since": (
        facts(HERE, 200, number=9, **SINCE),
        (
            "412.50 USD, 28 days after the last purchase with grade SES at this vendor, on 2026-01-03 "
            "(9 purchases since 2025-03)"
        ),
    ),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_each_sort_of_own_feature_is_told_in_words(feature: str, own: Own) -> None:
    values, expected = TOLD[feature]
    assert list(reasons(given(own, **values), [feature])) == [expected]


@pytest.mark.parametrize("feature", ["grade_amount", "hours_now", "after_the_end", "gifts", "grade_number"])
def test_of_a_blank_nothing_is_told(feature: str, own: Own) -> None:
    blank = {"own_grade": "", "own_hours": float("nan"), "own_ends": None, "own_note": "", "gifts": 0.0}
    assert list(reasons(given(own, **blank), [feature])) == []


def test_what_never_was_before_is_told_with_how_far_back_one_could_see(own: Own) -> None:
    first = "412.50 USD, the first purchase with grade SES since 2025-01"
    assert list(reasons(given(own), ["grade_amount"])) == [first]
    assert list(reasons(given(own), ["hours_unusual"])) == ["Hours 40; none known of this office since 2025-01"]


def test_two_features_of_one_group_have_both_their_facts(own: Own) -> None:
    names = [window.name for window in fact_windows(own)]
    assert len(names) == len(set(names))
    for feature, (values, _) in TOLD.items():
        missing = {name for name in values if name not in FEATURES} - set(names)
        assert not missing, feature
