"""The metric gate: what is not shown to be good enough, overall and by slice, does not pass."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import gate
from lambdas.release.gate import Gate
from tests.fakes.artifacts import figures

CHAMPION = "e" * 64
GATE = Gate(minimum=0.5, regression=0.05, slice_fields=("agency",), slice_minimum_anomalies=20, slice_regression=0.1)


def verdict(value: object = 0.8, former: object = None, **changes: object) -> str | None:
    """The gate's verdict on a candidate, beside a champion where `former` is its figure."""
    compared = None if former is None else (CHAMPION, former)
    return gate.problem(GATE, figures(value, compared, **changes), CHAMPION if compared else None)


def by_agency(**figures_of_a: object) -> dict[str, object]:
    """Slices by agency, whose one value differs from an honest one."""
    return {"agency": {"A": {"rows": 60, "anomalies": 30, "average_precision": 0.8} | figures_of_a}}


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_gate_passes_exactly_what_is_good_enough(candidate: float, champion: float) -> None:
    assert (verdict(candidate, champion) is None) == (candidate >= 0.5 and champion - candidate <= 0.05)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -0.1, 1.1, "0.9", True, [], {}])
def test_the_gate_refuses_what_it_can_not_read(value: object) -> None:
    assert verdict(value) == f"average_precision is {value!r}, expected a number from 0 to 1"


@pytest.mark.parametrize("value", [math.nan, "0.8", -1])
def test_a_champion_without_a_figure_lets_nobody_pass(value: object) -> None:
    assert "so the candidate can't be compared with it" in (verdict(0.8, value) or "")


def test_without_a_champion_the_minimum_alone_decides() -> None:
    assert verdict(0.5) is None
    assert "below the minimum" in (verdict(0.49) or "")


@pytest.mark.parametrize("compared", [None, {}, "x", {"manifest_sha256": "f" * 64, "average_precision": 0.1}])
def test_a_candidate_that_was_not_compared_with_the_present_champion_is_refused(compared: object) -> None:
    said = gate.problem(GATE, figures(1.0) | {"champion": compared}, CHAMPION)
    assert said
    assert f"and the champion is {CHAMPION}: train it again" in said


def test_a_champion_that_can_not_score_these_rows_stops_the_candidate() -> None:
    compared = {"manifest_sha256": CHAMPION, "incomparable": "It needs amount."}
    said = gate.problem(GATE, figures(1.0) | {"champion": compared}, CHAMPION)
    assert said == "the champion could not be measured on the candidate's held-out rows: It needs amount."


def on_real_labels(low: float, high: float, *, champion: tuple[float, float] | None = None, ap: float = 0.01) -> object:
    """The gate's verdict on a candidate whose labels people gave."""
    over = {"rules": {"value": (low + high) / 2, "low": low, "high": high}}
    if champion:
        over["champion"] = {"value": sum(champion) / 2, "low": champion[0], "high": champion[1]}
    slices = {"agency": {"A": {"rows": 60, "anomalies": 3, "average_precision": None}}}
    compared = (CHAMPION, 0.9) if champion else None
    found = figures(ap, compared, labels="given", lift={"over": over}, slices=slices)
    return gate.problem(GATE, found, CHAMPION if champion else None)


def test_real_labels_are_judged_by_the_lift_over_rules_and_not_by_the_minimum() -> None:
    assert on_real_labels(0.01, 0.3) is None
    assert on_real_labels(0.0, 0.3) == (
        "its lift over written rules is +15.0 points [+0.0, +30.0] of what a review of 1 % finds: it isn't certain to "
        "find more"
    )


def test_on_real_labels_a_candidate_may_not_certainly_find_less_than_the_champion() -> None:
    assert on_real_labels(0.1, 0.3, champion=(-0.2, 0.05)) is None
    assert "over the champion" in str(on_real_labels(0.1, 0.3, champion=(-0.2, -0.05)))
    assert "certainly finds less" in str(on_real_labels(0.1, 0.3, champion=(-0.2, -0.05)))


@pytest.mark.parametrize(
    "lift",
    [
        None,
        {},
        {"over": {}},
        {"over": {"rules": {"value": 0.2, "low": 0.3, "high": 0.1}}},
        {"over": {"rules": {"value": "x", "low": 0.1, "high": 0.2}}},
        {"over": {"rules": {"value": math.nan, "low": math.nan, "high": math.nan}}},
    ],
)
def test_real_labels_without_a_lift_that_can_be_read_are_refused(lift: object) -> None:
    assert "its lift over written rules is" in (verdict(0.9, labels="given", lift=lift) or "")


def test_on_real_labels_the_comparison_with_the_present_champion_must_be_there() -> None:
    over = {"rules": {"value": 0.2, "low": 0.1, "high": 0.3}}
    found = figures(0.9, (CHAMPION, 0.9), labels="given", lift={"over": over})
    assert "its lift over the champion is {}" in (gate.problem(GATE, found, CHAMPION) or "")
    assert "train it again" in (gate.problem(GATE, found, "f" * 64) or "")


def test_figures_on_too_few_anomalies_are_no_figures() -> None:
    found = {"rows": 900, "anomalies": 4, "too_few": "the held-out rows have 4 anomalies", "slices": {}}
    assert gate.problem(GATE, found, None) == "it has no figure of quality: the held-out rows have 4 anomalies"


def test_a_candidate_that_was_compared_with_a_champion_that_is_no_more_passes() -> None:
    assert gate.problem(GATE, figures(0.8, (CHAMPION, 0.99)), None) is None


@pytest.mark.parametrize("slices", [None, {}, [], {"amount": {}}, {"agency": {}}, {"agency": []}])
def test_a_declared_slice_must_be_there(slices: object) -> None:
    assert verdict(slices=slices) == "its metrics have no slices by 'agency', which the gate wants to see"


@given(st.floats(0, 1), st.floats(0, 1))
def test_no_slice_may_lose_more_than_is_allowed(mine: float, theirs: float) -> None:
    compared = figures(0.8, (CHAMPION, 0.8))["champion"] | {"slices": by_agency(average_precision=theirs)}
    said = gate.problem(GATE, figures(0.8, slices=by_agency(average_precision=mine)) | {"champion": compared}, CHAMPION)
    assert (said is None) == (theirs - mine <= 0.1)
    assert said is None or said.startswith("slice agency=A: average_precision")


@pytest.mark.parametrize("value", [None, math.nan, "0.8", 2])
def test_a_slice_without_a_figure_is_refused_on_either_side(value: object) -> None:
    assert "slice agency=A has the average_precision" in (verdict(slices=by_agency(average_precision=value)) or "")
    compared = figures(0.8, (CHAMPION, 0.8))["champion"] | {"slices": by_agency(average_precision=value)}
    assert "so it can't be compared" in (gate.problem(GATE, figures(0.8) | {"champion": compared}, CHAMPION) or "")


@pytest.mark.parametrize("theirs", [None, {}, {"agency": {}}, by_agency(rows=61), by_agency(anomalies=31)])
def test_a_slice_that_the_champion_was_not_measured_on_is_refused(theirs: object) -> None:
    compared = figures(0.8, (CHAMPION, 0.8))["champion"] | {"slices": theirs}
    said = gate.problem(GATE, figures(0.8) | {"champion": compared}, CHAMPION)
    assert said
    assert "slice agency=A has 60 rows for the candidate and" in said


@pytest.mark.parametrize("counts", [{"rows": None}, {"rows": -1}, {"anomalies": 61}, {"anomalies": True}])
def test_a_slice_without_counts_is_refused(counts: dict[str, object]) -> None:
    assert "expected counts" in (verdict(slices=by_agency(**counts)) or "")


@pytest.mark.parametrize("counts", [{"anomalies": 19}, {"anomalies": 0}, {"anomalies": 60}])
def test_a_slice_that_tells_nothing_is_not_judged(counts: dict[str, object]) -> None:
    assert verdict(slices=by_agency(average_precision=None, **counts)) is None
