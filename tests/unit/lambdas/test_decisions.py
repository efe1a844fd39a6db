"""The release path's verdicts."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import decisions
from lambdas.release.decisions import Accept, Expel, Nothing, Remains, Stop, Stopped
from lambdas.release.records import Release, Serving, Stack, Told, Version, is_release_id, release_id
from tests.fakes import release as fakes
from tests.fakes.change_sets import arn_of
from tests.fakes.release import MODEL, NOON

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
        "release_id": release_id("ann", sha, str(number)),
        "submitter": "ann",
    } | tags
    named = {f"atoll.{n}": v for n, v in given_tags.items()}
    asked = (arn_of(given_tags["release_id"]),)
    return Version(model=MODEL, number=str(number), run_id="r", tags=named, change_sets=asked)


def serving(of: Version, status: str = "InService", reason: str = "") -> Serving:
    return replace(fakes.serving(of), status=status, failure_reason=reason)


def test_a_release_id_can_not_hide_another_persons_id() -> None:
    assert is_release_id(release_id("ann", SHA, "1"))
    assert not is_release_id("r-by-ann-by-bob-eeeeeeeeeeee")
    assert not is_release_id("home-from-v1-eeeeeeeeeeee")


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
    stack = replace(BACK, release_id=old.tag("release_id"), change_set=new.change_sets[0])
    assert decisions.attempted(stack, [new, old]) == new


@pytest.mark.parametrize("ran", [arn_of(release_id("ann", SHA, "1"), "another"), release_id("ann", SHA, "1")])
def test_what_bears_a_releases_name_is_no_attempt_at_it(ran: str) -> None:
    asked = version(1, "requested")
    stack = replace(BACK, change_set=ran)
    assert stack.last_change_set == asked.tag("release_id")
    assert not decisions.is_of(stack, asked)
    assert decisions.attempted(stack, [asked]) is None
    assert decisions.fallen(stack, None, [asked]) == []


def test_without_a_change_set_the_executing_version_is_the_attempt_and_a_request_is_none() -> None:
    old, new = version(1, "released", sha="f" * 64), version(2, "executing")
    stack = Stack(status="UPDATE_ROLLBACK_COMPLETE", release_id=old.tag("release_id"))
    assert decisions.attempted(stack, [new, old]) == new
    assert decisions.attempted(stack, [version(2, "requested"), old]) is None
    assert decisions.attempted(Stack(status="CREATE_COMPLETE"), [version(2)]) is None


UP = Stack(status="UPDATE_COMPLETE", release_id="r-by-ann-0")
BACK = Stack(status="UPDATE_ROLLBACK_COMPLETE", reason="Endpoint failed", release_id="r-by-ann-0")
EMPTY = Stack(status="UPDATE_COMPLETE")


def test_an_endpoint_that_serves_the_release_is_accepted_once() -> None:
    assert decisions.settle(UP, serving(version()), [version()], None) == Accept(version())
    done = version(state="released")
    assert isinstance(decisions.settle(UP, serving(done), [done], done), Nothing)
    assert isinstance(decisions.settle(BACK, serving(version()), [version()], None), Nothing)


@pytest.mark.parametrize(
    ("stack", "endpoint"),
    [
        (BACK, None),
        (BACK, serving(version(sha="f" * 64))),
        (UP, None),
        (UP, serving(version(), "Failed")),
        (UP, serving(version(sha="f" * 64))),
        (UP, serving(version(2))),
        (UP, serving(version(serving_image_digest="sha256:2"))),
        (BACK, serving(version())),
        (Stack(status="UPDATE_ROLLBACK_FAILED"), serving(version(), "Updating")),
    ],
)
def test_whatever_the_stack_says_an_endpoint_without_the_release_is_a_rollback(
    stack: Stack, endpoint: Serving | None
) -> None:
    tried = version(state="executing")
    (found,) = decisions.fallen(stack, endpoint, [tried])
    assert found.version == tried
    named = replace(stack, change_set=tried.change_sets[0], changed=NOON)
    assert decisions.fallen(named, endpoint, [version(requested_at=NOON.isoformat())])


def test_the_reason_of_a_rollback_is_the_endpoints_own_where_it_has_one() -> None:
    endpoint = serving(version(sha="f" * 64), reason="did not pass ping")
    (found,) = decisions.fallen(BACK, endpoint, [version(state="executing")])
    assert found.reason == "did not pass ping (stack UPDATE_ROLLBACK_COMPLETE)"


def test_a_version_that_was_not_tried_does_not_fall() -> None:
    others = [version(state=state) for state in STATES if state != "executing"]
    stack = replace(BACK, change_set=version(1).change_sets[0])
    assert decisions.fallen(BACK, None, others) == []
    assert decisions.fallen(stack, None, [version(2), version(1, "superseded")]) == []


def test_no_two_versions_share_a_release_id_though_their_files_are_the_same() -> None:
    assert release_id("ann", SHA, "1") != release_id("ann", SHA, "2")


@pytest.mark.parametrize("state", ["rolled_back", "rejected", "expired", "refused"])
def test_a_version_that_was_turned_down_and_serves_is_expelled(state: str) -> None:
    condemned = version(state=state)
    assert decisions.settle(UP, serving(condemned), [condemned], None) == Expel(condemned, f"it is {state}")


def test_a_champion_that_its_submitter_approved_is_expelled_though_this_was_heard_of_late() -> None:
    own = version(state="released", approver="ann")
    verdict = decisions.settle(UP, serving(own), [own], own)
    assert verdict == Expel(own, "ann submitted it and executed its release")


def test_a_champion_without_an_endpoint_is_stopped_whatever_the_stack_says() -> None:
    champion = version(state="released")
    assert decisions.settle(EMPTY, None, [champion], champion) == Stopped(champion)
    assert isinstance(decisions.settle(EMPTY, None, [champion], None), Nothing)
    assert isinstance(decisions.settle(replace(EMPTY, status="UPDATE_FAILED"), None, [champion], champion), Nothing)


@pytest.mark.parametrize("stack", [UP, BACK])
def test_an_endpoint_that_people_deleted_or_cut_off_is_stopped_so_that_the_stack_agrees(stack: Stack) -> None:
    champion = version(state="released")
    gone = decisions.settle(stack, None, [champion], champion)
    refusing = decisions.settle(stack, replace(serving(champion), refuses=True), [champion], champion)
    assert isinstance(gone, Stop)
    assert isinstance(refusing, Stop)
    moving = replace(stack, status="UPDATE_ROLLBACK_FAILED")
    assert isinstance(decisions.settle(moving, None, [champion], champion), Nothing)


def test_an_endpoint_that_outlived_its_stop_is_told_of_though_its_version_was_the_champion() -> None:
    champion = version(state="released")
    assert isinstance(decisions.settle(EMPTY, serving(champion), [champion], champion), Remains)


@pytest.mark.parametrize(
    ("state", "tags", "approved"),
    [
        ("released", {}, True),
        ("executing", {}, True),
        ("superseded", {"crowned": "2026"}, True),
        ("superseded", {}, False),
        ("released", {"approver": "ann"}, False),
        ("requested", {}, False),
        ("rolled_back", {"crowned": "2026"}, False),
    ],
)
def test_only_what_was_approved_or_a_champion_may_be_brought_back(
    state: str,
    tags: dict[str, str],
    approved: bool,  # noqa: FBT001 - a pytest parameter
) -> None:
    assert decisions.was_approved(version(1, state, **tags)) is approved


def test_a_failed_champion_gives_way_to_the_one_that_it_had_replaced() -> None:
    old, new = version(1, "superseded", crowned="2026"), version(2, "rolled_back", replaced="1")
    assert decisions.former(old, new, [new, old]) == old
    assert decisions.former(new, new, [new, old]) == old
    assert decisions.former(new, new, [new, version(1, "rolled_back")]) is None
    assert decisions.former(None, new, [new, old]) is None  # it was stopped: what serves nothing goes back to nothing


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(-9e-7, 9e-7))
def test_golden_scores_pass_within_a_millionth(scores: list[float], shift: float) -> None:
    assert decisions.golden_problem(scores, [score + shift for score in scores], Told()) is None


@pytest.mark.parametrize(
    ("expected", "answered"),
    [([], []), ([0.5], []), ([0.5], [0.5, 0.5]), ([0.5], [0.500002]), ([0.5], [math.nan]), ([math.nan], [0.5])],
)
def test_other_golden_scores_do_not_pass(expected: list[float], answered: list[float]) -> None:
    assert decisions.golden_problem(expected, answered, Told())


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(-9e-7, 9e-7), st.integers(2, 9))
def test_rounded_golden_scores_pass(scores: list[float], shift: float, decimals: int) -> None:
    told = Told(decimals=str(decimals))
    assert decisions.golden_problem(scores, [round(score + shift, decimals) for score in scores], told) is None


def test_a_score_that_no_rounding_explains_does_not_pass() -> None:
    assert decisions.golden_problem([0.5, 0.123], [0.5, 0.12], Told(decimals="2")) is None
    assert "off by 0.007, at most 0.005001" in str(decisions.golden_problem([0.123], [0.13], Told(decimals="2")))


@pytest.mark.parametrize(
    ("expected", "label", "passes"),
    [(0.9, 1, True), (0.1, 0, True), (0.9, 0, False), (0.1, 1, False), (0.9, 0.9, False), (0.25, 0, True)],
)
def test_golden_labels_must_be_those_of_the_scores(*, expected: float, label: float, passes: bool) -> None:
    problem = decisions.golden_problem([expected], [label], Told(threshold="0.25"))
    assert (problem is None) is passes


def test_a_release_supersedes_the_former_champion_and_leaves_requests_to_who_ends_them() -> None:
    new = version(3, "executing")
    others = [version(4), new, version(2), version(1, "released"), version(5, "refused")]
    assert [v.number for v in decisions.superseded_by(new, others)] == ["1"]


def test_the_way_back_restores_the_champions_release_with_its_image() -> None:
    champion = version(1, "released", sha="f" * 64, serving_image_digest="sha256:1")
    stem, release = decisions.way_back(champion, version(2))
    assert stem == "home-from-v2-eeeeeeeeeeee"
    assert release == Release(
        image_digest="sha256:1", manifest_sha256="f" * 64, version="1", release_id=release_id("ann", "f" * 64, "1")
    )


def test_without_a_champion_the_way_back_stops_the_endpoint() -> None:
    assert decisions.way_back(None, version(2)) == ("halt-from-v2-eeeeeeeeeeee", Release())
    assert set(Release().parameters().values()) == {""}


def test_only_a_known_approver_can_be_the_submitter() -> None:
    assert decisions.same_person(version(approver="ann"))
    assert not decisions.same_person(version(approver="bob"))
    assert not decisions.same_person(version(submitter=""))
