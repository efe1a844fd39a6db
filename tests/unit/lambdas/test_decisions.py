"""The release path's verdicts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import decisions
from lambdas.release.decisions import Accept, Expel, Nothing, RolledBack
from lambdas.release.records import Release, Serving, Stack, Version, is_release_id, release_id
from tests.fakes.release import MODEL

SHA = "e" * 64
STATES = [
    "registered",
    "refused",
    "requested",
    "executing",
    "released",
    "rolled_back",
    "superseded",
    "rejected",
    "expired",
]


def version(number: int = 1, state: str = "requested", *, sha: str = SHA, **tags: str) -> Version:
    given_tags = {
        "state": state,
        "manifest_sha256": sha,
        "release_id": release_id("ann", sha),
        "submitter": "ann",
    } | tags
    return Version(model=MODEL, number=str(number), run_id="r", tags={f"atoll.{n}": v for n, v in given_tags.items()})


def serving(of: Version, status: str = "InService", reason: str = "") -> Serving:
    return Serving(
        status=status, manifest_sha256=of.tag("manifest_sha256"), release_id=of.tag("release_id"), failure_reason=reason
    )


def test_a_release_id_can_not_hide_another_persons_id() -> None:
    assert is_release_id(release_id("ann", SHA))
    assert not is_release_id("r-by-ann-by-bob-eeeeeeeeeeee")
    assert not is_release_id("back-from-v1-eeeeeeeeeeee")


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_a_version_that_came_to_its_end_never_waits_again(tries: list[str]) -> None:
    state, left = "registered", set()
    for new in tries:
        if decisions.may_become(state, new):
            left.add(state)
            state = new
    assert state not in {"registered", "requested", "executing"} or state not in left


def test_identical_files_are_not_requested_twice() -> None:
    first, second = version(1, "released"), version(2, "registered")
    assert decisions.twin_of(second, [second, first]) == first
    assert decisions.twin_of(second, [second, version(1, "rolled_back")]) is None
    assert decisions.twin_of(second, [second, version(1, "released", sha="f" * 64)]) is None


def test_the_change_set_executed_last_names_the_attempt() -> None:
    old, new = version(1, "released", sha="f" * 64), version(2, "requested")
    stack = Stack(
        status="UPDATE_ROLLBACK_COMPLETE", release_id=old.tag("release_id"), last_change_set=new.tag("release_id")
    )
    assert decisions.attempted(stack, [new, old]) == new


def test_without_a_change_set_the_executing_version_is_the_attempt_then_the_parameter() -> None:
    old, new = version(1, "released", sha="f" * 64), version(2, "executing")
    stack = Stack(status="UPDATE_ROLLBACK_COMPLETE", release_id=old.tag("release_id"))
    assert decisions.attempted(stack, [new, old]) == new
    assert decisions.attempted(stack, [version(2, "requested"), old]) == old
    assert decisions.attempted(Stack(status="CREATE_COMPLETE"), [version(2)]) is None


UP = Stack(status="UPDATE_COMPLETE")
BACK = Stack(status="UPDATE_ROLLBACK_COMPLETE", reason="Endpoint failed")


def test_an_endpoint_that_serves_the_release_is_accepted_once() -> None:
    assert decisions.settle(UP, serving(version()), version()) == Accept(version())
    done = version(state="released")
    assert isinstance(decisions.settle(UP, serving(done), done), Nothing)


@pytest.mark.parametrize(
    ("stack", "endpoint"),
    [
        (BACK, None),
        (BACK, serving(version(sha="f" * 64))),
        (UP, None),
        (UP, serving(version(), "Failed")),
        (UP, serving(version(sha="f" * 64))),
        (BACK, serving(version())),
        (Stack(status="UPDATE_ROLLBACK_FAILED"), serving(version(), "Updating")),
    ],
)
def test_whatever_the_stack_says_an_endpoint_without_the_release_is_a_rollback(
    stack: Stack, endpoint: Serving | None
) -> None:
    assert isinstance(decisions.settle(stack, endpoint, version()), RolledBack)


def test_the_reason_of_a_rollback_is_the_endpoints_own_where_it_has_one() -> None:
    verdict = decisions.settle(BACK, serving(version(sha="f" * 64), reason="did not pass ping"), version())
    assert isinstance(verdict, RolledBack)
    assert verdict.reason == "did not pass ping (stack UPDATE_ROLLBACK_COMPLETE)"


def test_a_version_whose_end_is_known_does_not_roll_back_again() -> None:
    assert isinstance(decisions.settle(BACK, None, version(state="superseded")), Nothing)
    assert isinstance(decisions.settle(UP, None, None), Nothing)


def test_a_condemned_version_that_still_serves_is_expelled() -> None:
    condemned = version(state="rolled_back")
    assert decisions.settle(UP, serving(condemned), condemned) == Expel(condemned)


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(-9e-7, 9e-7))
def test_golden_scores_pass_within_a_millionth(scores: list[float], shift: float) -> None:
    assert decisions.golden_problem(scores, [score + shift for score in scores]) is None


@pytest.mark.parametrize(
    ("expected", "answered"),
    [([], []), ([0.5], []), ([0.5], [0.5, 0.5]), ([0.5], [0.500002]), ([0.5], [math.nan]), ([math.nan], [0.5])],
)
def test_other_golden_scores_do_not_pass(expected: list[float], answered: list[float]) -> None:
    assert decisions.golden_problem(expected, answered)


def test_a_release_supersedes_the_former_champion_and_older_requests_only() -> None:
    new = version(3, "executing")
    others = [version(4), new, version(2), version(1, "released"), version(5, "refused")]
    assert [v.number for v in decisions.superseded_by(new, others)] == ["2", "1"]


def test_the_way_back_restores_the_champions_release_with_its_image() -> None:
    champion = version(1, "released", sha="f" * 64, serving_image_digest="sha256:1")
    name, release = decisions.way_back(champion, version(2))
    assert name == "back-from-v2-eeeeeeeeeeee"
    assert release == Release(
        image_digest="sha256:1", manifest_sha256="f" * 64, version="1", release_id="r-by-ann-ffffffffffff"
    )


def test_without_a_champion_the_way_back_stops_the_endpoint() -> None:
    assert decisions.way_back(None, version(2)) == ("stop-from-v2-eeeeeeeeeeee", Release())
    assert set(Release().parameters().values()) == {""}


def test_only_a_known_approver_can_be_the_submitter() -> None:
    assert decisions.same_person(version(approver="ann"))
    assert not decisions.same_person(version(approver="bob"))
    assert not decisions.same_person(version(submitter=""))
