"""What ran under a release's name counts by its ARN: of the stack, of the record, of who made it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdas.release import approvals, events, guarding, known, ran, reconciling, rejections, waiting
from lambdas.release.decisions import release_of
from lambdas.release.handlers import training_completed
from lambdas.release.ports import AlreadyExecutedError
from lambdas.release.records import Brought, Execution, Stack, Version, stack_of
from tests.fakes.change_sets import arn_of, creation
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld, serving
from tests.fakes.stack import APPROVER, ASKER, identity
from tests.fakes.trail import FakeTrail
from tests.unit.lambdas.stories import execute, requested, settle

LATER = NOON + timedelta(minutes=5)
STRANGER = "arn:x:iam::1:role/Pipeline"


def asked() -> tuple[FakeWorld, Version, str]:
    """A waiting release, and an ARN of a change set that could lie under its name."""
    world = FakeWorld()
    requested(world)
    version = known.versions(world, MODEL)[0]
    return world, version, arn_of(version.tag("release_id"), "another")


def forgotten() -> tuple[FakeWorld, Version]:
    """A function died between CreateChangeSet and its entry: asked for, and no ARN is on record."""
    world, _, _ = asked()
    store = world.audit.store
    for key in [each for each in store.objects if "-requested-" in each]:
        del store.objects[key]
    fresh = replace(world, audit=type(world.audit)(store))
    return fresh, known.versions(fresh, MODEL)[0]


def runs(world: FakeWorld, version: Version, arn: str, status: str = "UPDATE_COMPLETE", *, up: bool = True) -> None:
    """A change set under the release's name is, or was, executed."""
    name = version.tag("release_id") if up else ""
    world.endpoints.stacks[MODEL] = Stack(status=status, release_id=name, change_set=arn, changed=NOON)
    if up:
        world.endpoints.running[MODEL] = serving(version)


def call(version: Version, who: str = "bob") -> Execution:
    name = version.tag("release_id")
    return Execution(change_set=name, who=who, at=NOON, role=APPROVER, stack=stack_of(MODEL))


def test_what_another_role_made_under_a_releases_name_approves_nothing_and_rings() -> None:
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=STRANGER, arn=other))
    runs(world, version, other, "UPDATE_IN_PROGRESS", up=False)
    assert execute(world, version.tag("release_id")) == f"{other} was never asked for"
    assert known.current(world, version).state == "requested"
    entry = next(each for each in world.audit.entries.values() if each.what == "executed_unasked")
    assert (entry.who, entry.details["change_set"]) == ("bob", other)
    assert "ALARM" in world.notifier.messages[-1][0]


def test_the_record_names_what_another_person_executed() -> None:
    world, version, _ = asked()
    runs(world, version, version.change_sets[0])
    execute(world, version.tag("release_id"))
    now = known.current(world, version)
    assert (now.state, now.tag("approver"), now.change_sets) == ("executing", "bob", version.change_sets)


def test_what_ran_before_its_request_was_written_is_explained_by_the_call_of_our_own_function() -> None:
    world, version = forgotten()
    assert version.change_sets == ()
    runs(world, version, arn_of(version.tag("release_id")))
    execute(world, version.tag("release_id"))
    now = known.current(world, version)
    assert (now.state, now.tag("approver")) == ("executing", "bob")
    assert now.change_sets == (arn_of(version.tag("release_id")),)


@pytest.mark.parametrize("what", ["nobody's call", "a stranger's call", "a call without an answer"])
def test_what_our_function_did_not_make_is_explained_by_nothing(what: str) -> None:
    world, version = forgotten()
    world.trail.made.clear()
    made = creation(version.tag("release_id"), role=STRANGER if what == "a stranger's call" else ASKER)
    if what != "nobody's call":
        world.trail.made.append(made | ({"responseElements": None} if "without" in what else {}))
    runs(world, version, arn_of(version.tag("release_id")))
    execute(world, version.tag("release_id"))
    assert known.current(world, version).state == "registered"
    assert guarding.execution_of(world, version) is None


def test_while_nobody_knows_who_made_it_what_runs_serves_unproven_and_the_call_is_sent_again() -> None:
    world, version = forgotten()
    world.trail.made.clear()
    runs(world, version, arn_of(version.tag("release_id")))
    assert "waits for the trail" in execute(world, version.tag("release_id"))
    assert "waits for the trail" in settle(world, at=LATER)
    assert "intrusion" not in world.audit.whats
    executed = creation(version.tag("release_id")) | {"eventName": "ExecuteChangeSet", "userIdentity": identity("bob")}
    world.trail.made.append(executed)
    assert [lost.function for lost in reconciling.lost_calls(world, MODEL, LATER)] == ["change_set_executed"]
    world.trail.made.insert(0, creation(version.tag("release_id")))
    assert "released" in settle(world, at=LATER)
    assert known.current(world, version).tag("approver") == "bob"


def test_an_execution_that_comes_late_counts_for_what_lay_under_the_name_then() -> None:
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=STRANGER, arn=other, at=LATER))
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set=arn_of("cdk"), changed=LATER)
    assert ran.told(world, version, call(version)).arn == version.change_sets[0]
    assert ran.told(world, version, replace(call(version), at=LATER)).arn == other


def test_the_stack_says_what_ran_before_the_trail_does() -> None:
    world, version, other = asked()
    runs(world, version, other)
    assert ran.told(world, version, call(version)).arn == other
    late = replace(call(version), at=NOON + timedelta(minutes=2))  # the stack's operation began before this call
    assert ran.told(world, version, late).arn == version.change_sets[0]


def test_what_others_made_under_a_releases_name_is_cancelled_while_it_runs() -> None:
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=STRANGER, arn=other))
    runs(world, version, other, "UPDATE_IN_PROGRESS", up=False)
    name = f"{MODEL}/{version.tag('release_id')}"
    world.change_sets.running[name] = Brought(template=REVIEWED, release=release_of(version), runs=True)
    assert settle(world, "UPDATE_IN_PROGRESS").startswith("cancelled")
    assert "intrusion" in world.audit.whats


def test_what_others_made_under_a_releases_name_is_driven_out_and_the_release_waits_on() -> None:
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=STRANGER, arn=other))
    runs(world, version, other)
    assert "which nobody approved" in settle(world)
    assert known.current(world, version).state == "requested"
    assert world.change_sets.executed


def test_a_release_waits_on_where_others_brought_an_approved_model_up_under_its_name() -> None:
    """What serves was approved, so nothing is driven out, and the stack goes on naming the other change set."""
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=STRANGER, arn=other))
    runs(world, version, other, up=False)
    world.change_sets.delete(MODEL, version.tag("release_id"))
    assert "requested again" in waiting.tend(world, version, LATER)


@pytest.mark.parametrize(("made_by", "outcome"), [(STRANGER, "rejected by bob"), (ASKER, "was executed before")])
def test_a_rejection_counts_unless_the_release_itself_was_executed(made_by: str, outcome: str) -> None:
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=made_by, arn=other))
    runs(world, version, other, up=False)
    world.audit.store.objects[f"reasons/{MODEL}/{version.tag('release_id')}.json"] = b'{"reason": "too slow"}'
    assert outcome in rejections.record(world, version, call(version))


def test_the_submitter_who_executes_what_others_made_is_a_violation_too() -> None:
    world, version, other = asked()
    world.trail.made.append(creation(version.tag("release_id"), role=STRANGER, arn=other))
    runs(world, version, other)
    execute(world, version.tag("release_id"), who="ann")
    assert "separation_of_duties_violated" in world.audit.whats
    assert known.current(world, version).change_sets == version.change_sets


def test_what_others_laid_under_a_waiting_releases_name_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    world, version, other = asked()
    moved = replace(version, change_sets=(other,))  # what was asked for is gone: another lies there
    assert not waiting.is_offered(world, replace(version, change_sets=()))
    monkeypatch.setattr(world.change_sets, "waits", lambda _, arn: arn == other)
    assert waiting.is_offered(world, moved)
    assert not waiting.is_offered(world, version)
    assert "requested again" in waiting.tend(world, version, LATER)
    found = [lost.why for lost in reconciling.lost_requests(world, MODEL, LATER)]
    assert found == ["its change set is gone"]


@pytest.mark.parametrize(("role", "gives_way"), [(STRANGER, True), (ASKER, False)])
def test_what_was_executed_under_the_name_gives_way_where_others_made_it(
    role: str, gives_way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, version = forgotten()
    world.trail.made.clear()
    found, deleted = arn_of(version.tag("release_id")), list[str]()
    world.trail.made.append(creation(version.tag("release_id"), role=role))

    def request(*_: object) -> str:
        raise AlreadyExecutedError(found)

    monkeypatch.setattr(world.change_sets, "request", request)
    monkeypatch.setattr(world.change_sets, "delete", lambda _, arn: deleted.append(arn))
    again = events.ended_again("job-1", "Completed", LATER)
    outcome = training_completed.training_completed(events.parse(events.TrainingJobEnded, again), world)
    assert "waits" in outcome
    assert deleted == ([found] if gives_way else [])
    assert "requested" not in world.audit.whats


def test_no_other_releases_change_set_counts() -> None:
    world, version, _ = asked()
    assert ran.was_asked(world, version, arn_of("r-by-zoe-0123456789ab")) is None
    assert ran.was_asked(world, version, "") is None
    assert approvals.violation_of(call(version), approver=APPROVER) is None


def test_who_made_what_ran_is_not_looked_for_among_later_calls() -> None:
    """Whoever has change sets refused all day makes no look-up longer."""
    world, version = forgotten()
    asked_for = []

    def calls(name: str, since: datetime, until: datetime | None = None) -> list[Mapping[str, Any]]:
        asked_for.append((name, until))
        return FakeTrail.calls(world.trail, name, since, until)

    world.trail.calls = calls
    runs(world, version, arn_of(version.tag("release_id")))
    execute(world, version.tag("release_id"))
    settle(world, at=LATER)
    made = [until for name, until in asked_for if name == "CreateChangeSet"]
    assert made
    assert all(until and until < LATER for until in made)
