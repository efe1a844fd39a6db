"""Holes that `make faults` found, each in its shortest story: events late, twice or lost, people faster than we."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.release import decisions, reconciling, waiting
from lambdas.release.handlers.change_set_deleted import change_set_deleted
from lambdas.release.records import Execution, Release, Stack, Version, stack_of
from lambdas.release.settling import PAUSE
from tests.fakes.change_sets import stem_of
from tests.fakes.release import MODEL, NOON, FakeWorld, job, serving
from tests.fakes.stack import APPROVER
from tests.unit.lambdas.stories import complete, ended, execute, released, requested, settle

LATER = NOON + timedelta(days=1)


def newest(world: FakeWorld) -> Version:
    return world.registry.versions(MODEL)[0]


def challenged() -> FakeWorld:
    """A champion v1, and v2 of another person, executed and up."""
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    world.deploy(version)
    return world


def test_an_execution_that_comes_twice_does_not_approve_a_later_version_of_the_same_files() -> None:
    world = FakeWorld()
    first = requested(world)
    execute(world, first.tag("release_id"))
    world.deploy(first, "UPDATE_ROLLBACK_COMPLETE")
    settle(world)
    second = requested(world, job("job-2"))
    assert (world.states, second.number) == (["rolled_back", "requested"], "2")
    execute(world, first.tag("release_id"))
    assert world.states == ["rolled_back", "requested"]
    assert newest(world).tag("approver") == ""


def test_a_rejection_that_comes_twice_does_not_reject_a_later_version_of_the_same_files() -> None:
    world = FakeWorld()
    first = requested(world)
    gone = Execution(change_set=first.tag("release_id"), who="bob", at=LATER, role=APPROVER, stack=stack_of(MODEL))
    world.change_sets.delete(MODEL, gone.change_set)
    world.audit.store.put(f"reasons/{MODEL}/{gone.change_set}.json", b'{"reason": "too old"}')
    change_set_deleted(gone, world)
    complete(world)
    second = requested(world, job("job-2"))
    world.change_sets.delete(MODEL, second.tag("release_id"))  # as the execution of another does
    change_set_deleted(gone, world)
    complete(world, "job-2")
    assert world.states == ["rejected", "requested"]


def test_a_rejection_holds_though_the_request_was_made_again_before_it_was_heard_of() -> None:
    world = FakeWorld()
    version = requested(world)
    name = version.tag("release_id")
    world.audit.store.put(f"reasons/{MODEL}/{name}.json", b'{"reason": "too old"}')
    assert "rejected by bob" in change_set_deleted(
        Execution(change_set=name, who="bob", at=LATER, role=APPROVER, stack=stack_of(MODEL)), world
    )
    assert [function for function, _ in world.functions.delivered] == ["training_completed"]
    assert "withdrawn" in complete(world)
    assert (world.states, world.change_sets.offered(MODEL)) == (["rejected"], [])


def test_what_the_platform_deleted_as_expired_is_not_rejected_for_a_reason_that_lies_there() -> None:
    world = FakeWorld()
    version = requested(world)
    name = version.tag("release_id")
    world.audit.store.put(f"reasons/{MODEL}/{name}.json", b'{"reason": "too old"}')
    late = NOON + timedelta(days=world.settings.request_expires_after_days)
    assert "had expired" in change_set_deleted(
        Execution(change_set=name, who="training-completed", at=late, role=APPROVER, stack=stack_of(MODEL)), world
    )


def test_a_version_that_was_overtaken_while_its_change_set_was_made_is_not_on_offer() -> None:
    world = FakeWorld()
    world.finish(job())
    make = world.change_sets.request

    def overtaken(model: str, name: str, release: Release, description: str) -> str:
        made = make(model, name, release, description)
        ended(world, newest(world), "superseded")
        return made

    object.__setattr__(world.change_sets, "request", overtaken)
    complete(world)
    assert (world.states, world.change_sets.offered(MODEL)) == (["superseded"], [])


@pytest.mark.parametrize("state", sorted(decisions.OVER))
def test_the_reconciler_has_a_change_set_withdrawn_that_nobody_may_execute(state: str) -> None:
    world = FakeWorld()
    version = ended(world, requested(world), state)
    assert any("its change set is there" in line for line in reconciling.reconcile(world, LATER))
    assert "withdrawn" in waiting.tend(world, version, LATER)
    assert world.change_sets.offered(MODEL) == []
    assert not any("training_completed" in line for line in reconciling.reconcile(world, LATER))


def test_a_registered_version_that_was_asked_for_already_is_a_twin() -> None:
    world = FakeWorld()
    asked = world.registry.tag(requested(world), {"state": "registered"})  # as a crash before the last tag leaves it
    assert decisions.twin_of(replace(asked, number="2"), [asked]) == asked


def test_a_version_that_serves_is_not_rolled_back_when_the_next_release_fails() -> None:
    world = challenged()
    serves = newest(world)
    failed = Stack(
        status="UPDATE_ROLLBACK_COMPLETE", release_id=serves.tag("release_id"), change_set="r-by-eve-0123456789ab"
    )
    world.endpoints.stacks[MODEL] = failed
    assert settle(world) == "version 2 released"
    assert world.registry.champions == {MODEL: "2"}


def test_a_half_crowned_champion_is_what_a_failed_release_goes_back_to() -> None:
    world = challenged()
    half = world.registry.tag(newest(world), {"crowned": NOON.isoformat(), "replaced": "1", "state": "requested"})
    world.registry.crown(half)
    assert decisions.former(half, replace(half, number="3"), world.registry.versions(MODEL)) == half


def test_a_stop_ends_also_the_champion_whose_successor_was_crowned_by_half() -> None:
    world = challenged()
    world.registry.crown(newest(world))
    world.endpoints.running.pop(MODEL)
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set="halt-it")
    settle(world)
    assert world.registry.champions == {}
    assert "released" not in world.states


def test_a_request_that_an_operator_brought_up_waits_on_after_it_was_driven_out() -> None:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    world.endpoints.running[MODEL] = serving(version)
    world.endpoints.stacks[MODEL] = Stack(
        status="UPDATE_COMPLETE", release_id=version.tag("release_id"), change_set="home-to-v2"
    )
    assert "which nobody approved" in settle(world)
    assert world.states == ["released", "requested"]


def test_an_unapproved_request_in_the_parameters_alone_is_driven_out_so_that_it_can_be_asked_for_again() -> None:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    name = version.tag("release_id")
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", release_id=name, change_set="home-to-v2")
    assert "which nobody approved" in settle(world)
    assert world.change_sets.brought[world.change_sets.executed[0]][0].version == "1"
    assert world.states == ["released", "requested"]


def test_a_way_back_waits_while_the_stack_moves_and_pauses_after_it_failed() -> None:
    world = challenged()
    world.endpoints.scores = [0.0, 0.0]
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], changed=NOON)
    settle(world)
    (way,) = world.change_sets.executed
    version = newest(world)
    failed = Stack(status="UPDATE_ROLLBACK_COMPLETE", release_id=version.tag("release_id"), change_set=way)
    world.endpoints.stacks[MODEL] = replace(failed, changed=NOON)
    assert settle(world).endswith(f"({stem_of(way)} failed)")
    world.endpoints.stacks[MODEL] = replace(failed, changed=NOON - PAUSE)
    settle(world)
    assert [stem_of(name) for name in world.change_sets.executed] == [stem_of(way)] * 2


def test_a_release_leaves_an_older_request_to_the_function_that_ends_requests() -> None:
    world = FakeWorld()
    old = requested(world)
    new = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, new.tag("release_id"))
    world.deploy(new)
    assert settle(world) == "version 2 released"
    assert world.states == ["requested", "released"]  # a rejection of the old one may be on its way
    world.change_sets.delete(MODEL, old.tag("release_id"))  # as the execution of another does
    assert complete(world) == f"{old.tag('release_id')} superseded by version 2"
    assert world.states == ["superseded", "released"]
