"""What the audit entries' keys tell about releases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.release.record import ENDS, fold
from lambdas.release.records import AuditEntry
from releases.history import Entry, History, Transition, former, newest_releases, transition

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = [f"r-by-alice-{digit * 12}" for digit in "abc"]
steps = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["requested", "executed", "released", "rolled_back"]))
)


def happened(tale: list[tuple[str, str]]) -> list[Transition]:
    return [Transition(f"20261123T{i:06}Z", name, what, "") for i, (name, what) in enumerate(tale)]


def entry(what: str, who: str = "bob", **details: str) -> Entry:
    return Entry("20261123T000000Z", NAMES[0], what, who, details)


def test_only_audit_entries_are_transitions() -> None:
    key = f"audit/requests/card-anomaly/{NAMES[0]}/20261123T090000Z-requested-0123abcd.json"

    assert transition(key) == Transition("20261123T090000Z", NAMES[0], "requested", key, "card-anomaly")
    assert transition("audit/requests/card-anomaly/readme.txt") is None


@given(steps)
def test_a_rollback_restores_a_former_champion_that_was_not_found_wanting(tale: list[tuple[str, str]]) -> None:
    target = former(happened(tale), serving=NAMES[0])

    assert target != NAMES[0]
    if target is not None:
        last = [what for name, what in tale if name == target and what in {"released", "rolled_back"}][-1]
        assert last == "released"


@given(steps)
def test_something_is_restored_whenever_another_release_was_a_champion_and_none_went_back(
    tale: list[tuple[str, str]],
) -> None:
    kept = [(name, what) for name, what in tale if what != "rolled_back"]
    champions = {name for name, what in kept if what == "released"} - {NAMES[0]}

    target = former(happened(kept), serving=NAMES[0])

    assert target in champions if champions else target is None


@given(steps, st.integers(1, 3))
def test_the_latest_releases_come_first_and_no_more_than_asked_for(tale: list[tuple[str, str]], count: int) -> None:
    found, last = newest_releases(happened(tale), count), {name: i for i, (name, _) in enumerate(tale)}

    assert len(found) == min(count, len(last))
    assert all(last[newer] > last[older] for newer, older in pairwise(found))


def test_jobs_are_no_releases() -> None:
    assert newest_releases([Transition("20261123T090000Z", "first-job", "refused_before_registration", "")], 9) == []


def test_a_denied_try_changes_no_state() -> None:
    history = History(NAMES[0], [entry("requested"), entry("execution_denied", "mallory")])

    assert history.state == "requested"
    assert history.approver == ""


def test_a_release_tells_who_submitted_and_who_approved_it() -> None:
    history = History(NAMES[0], [entry("requested"), entry("executed", "bob"), entry("released")])

    assert (history.submitter, history.approver, history.state) == ("alice", "bob", "released")


WHATS = ["requested", "executed", "separation_of_duties_violated", "released", "superseded", "adopted", *ENDS]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(WHATS), st.sampled_from(["alice", "bob", "cid"])), min_size=1)
)
@example([(0, "requested", "alice"), (1, "separation_of_duties_violated", "alice"), (1, "rolled_back", "automation")])
@example([(0, "requested", "alice"), (0, "executed", "bob")])
def test_a_release_is_what_the_record_says_even_where_all_came_in_one_second(tale: list[tuple[int, str, str]]) -> None:
    details = {"version": "1", "atoll.release_id": NAMES[0]}
    made = [
        AuditEntry(model="m", subject=NAMES[0], what=what, at=NOON + timedelta(seconds=at), who=who, details=details)
        for at, what, who in tale
    ]
    entries = sorted(made, key=lambda each: each.order)
    history = History(NAMES[0], [Entry(f"{e.at:%Y%m%dT%H%M%SZ}", e.subject, e.what, e.who, e.details) for e in entries])
    (version,) = fold(entries).versions
    assert history.state.replace(" ", "_") == version.state
    if not {each.what for each in entries} & {"adopted", "separation_of_duties_violated"}:
        assert history.approver == version.tag("approver")


def test_what_was_adopted_is_a_champion_and_nothing_from_before_it_is() -> None:
    tale = [(NAMES[1], "released"), (NAMES[2], "adopted"), (NAMES[0], "released")]
    assert former(happened(tale), serving=NAMES[0]) == NAMES[2]
    assert former(happened(tale[:2]), serving=NAMES[2]) is None
