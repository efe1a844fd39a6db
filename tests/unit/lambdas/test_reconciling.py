"""What was lost is found and sent again; requests are rejected, expire, and are asked for again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.release import known, reconciling, rejections, waiting
from lambdas.release.handlers import change_set_deleted, reconcile
from lambdas.release.records import Execution, Version, stack_of
from tests.fakes.change_sets import creation
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import APPROVER, identity
from tests.unit.lambdas.stories import released, requested

LATER = NOON + timedelta(days=1)


def waiting_one() -> tuple[FakeWorld, Version]:
    world = FakeWorld()
    requested(world)
    return world, known.versions(world, MODEL)[0]


def deletion(version: Version, denied: str = "") -> Execution:
    return Execution(
        change_set=version.tag("release_id"), who="bob", at=LATER, denied=denied, role=APPROVER, stack=stack_of(MODEL)
    )


def test_a_deletion_without_a_reason_is_no_rejection() -> None:
    world, version = waiting_one()
    world.change_sets.delete(MODEL, version.tag("release_id"))
    assert "without a reason" in change_set_deleted.change_set_deleted(deletion(version), world)
    assert world.states == ["requested"]


def test_a_denied_deletion_is_recorded() -> None:
    world, version = waiting_one()
    assert "denied" in rejections.record(world, version, deletion(version, "AccessDenied"))
    assert world.audit.whats[-1] == "rejection_denied"


def test_a_deletion_of_no_release_of_ours_is_left_alone() -> None:
    gone = Execution(change_set="cdk-deploy-change-set", who="bob", at=LATER, role=APPROVER, stack=stack_of(MODEL))
    assert change_set_deleted.change_set_deleted(gone, FakeWorld()) == "no release"


def test_a_request_that_waits_in_time_is_left_alone() -> None:
    world, version = waiting_one()
    assert "waits" in waiting.tend(world, version, LATER)


def test_a_request_whose_change_set_vanished_is_asked_for_again() -> None:
    world, version = waiting_one()
    world.change_sets.delete(MODEL, version.tag("release_id"))
    assert "requested again" in waiting.tend(world, version, LATER)
    assert world.change_sets.waits(MODEL, version.tag("release_id"))


def test_a_request_that_nobody_executed_expires() -> None:
    world, version = waiting_one()
    late = LATER + timedelta(days=world.settings.request_expires_after_days)
    assert "expired" in waiting.tend(world, version, late)
    assert world.states == ["expired"]


@pytest.mark.parametrize("vanished", [True, False])
def test_the_reconciler_sends_again_what_is_lost_and_nothing_else(*, vanished: bool) -> None:
    world, version = waiting_one()
    if vanished:
        world.change_sets.delete(MODEL, version.tag("release_id"))
    done = [line for line in reconciling.reconcile(world, LATER) if "training_completed" in line]
    assert bool(done) == vanished


def test_a_job_that_left_no_trace_is_found() -> None:
    world = FakeWorld()
    world.finish(job(), world.trained())
    assert any("left no trace" in line for line in reconciling.reconcile(world, LATER))


def test_what_stays_lost_is_sent_again_three_times_a_day_and_no_more() -> None:
    world = FakeWorld()
    world.finish(job(), world.trained())
    for hour in range(6, 36):
        reconciling.reconcile(world, NOON + timedelta(hours=hour))
    assert len(world.functions.delivered) == 2 * reconciling.DELIVERIES_A_DAY


def test_a_job_whose_start_the_trail_may_still_tell_is_looked_at_however_often() -> None:
    world = FakeWorld()
    world.finish(job(), world.trained())
    quarters = [NOON + timedelta(minutes=15 * number) for number in range(1, 24)]
    for at in quarters:
        reconciling.reconcile(world, at)
    assert len(world.functions.delivered) == len(quarters)


def test_what_was_sent_in_vain_keeps_nothing_else_waiting() -> None:
    """An execution that can't be taken down: nobody knows who made what ran."""
    world, version = waiting_one()
    executed = creation(version.tag("release_id")) | {"eventName": "ExecuteChangeSet", "userIdentity": identity("bob")}
    world.trail.made[:] = [executed]
    world.change_sets.delete(MODEL, version.tag("release_id"))  # a request that is to be asked for again
    for quarter in range(reconciling.DELIVERIES_A_DAY + 1):
        reconciling.reconcile(world, LATER + timedelta(minutes=15 * quarter))
    sent = [function for function, _ in world.functions.delivered]
    assert sent == ["change_set_executed"] * reconciling.DELIVERIES_A_DAY + ["training_completed"]


def test_what_intrudes_is_sent_beside_an_execution_that_nobody_heard_of() -> None:
    world, version = waiting_one()
    executed = creation(version.tag("release_id")) | {"eventName": "ExecuteChangeSet", "userIdentity": identity("bob")}
    world.trail.made.append(executed)
    world.deploy(replace(version, number="9"))
    reconciling.reconcile(world, LATER)
    assert [function for function, _ in world.functions.delivered] == ["change_set_executed", "release_settled"]


def test_a_champion_at_rest_needs_nothing() -> None:
    world = FakeWorld()
    released(world)
    assert not [line for line in reconciling.reconcile(world, LATER) if "change set" in line]
    assert callable(reconcile.reconcile)


def test_the_heads_of_the_chain_are_told_once_a_day_outside_of_the_bucket() -> None:
    world, _ = waiting_one()
    world.notifier.messages.clear()
    before = world.audit.heads()[MODEL]
    for quarters in range(48 * 4):
        reconciling.reconcile(world, NOON + timedelta(minutes=15 * quarters))
    told = [(subject, text) for subject, text in world.notifier.messages if "heads" in subject]
    assert [subject for subject, _ in told] == [f"The audit record's heads, 2026-11-{day}" for day in (24, 25)]
    assert f"--head {MODEL}={before}" in told[0][1]


def test_a_record_that_somebody_changed_rings_once() -> None:
    world = FakeWorld()
    world.audit.store.tampered.append(f"deleted: audit/{MODEL}/s/x.json has a delete marker")
    for hour in (1, 2):
        done = reconciling.reconcile(world, NOON + timedelta(hours=hour))
        assert world.audit.store.tampered[0] in done
    assert world.audit.whats == ["record_tampered"]
    alarms = [subject for subject, _ in world.notifier.messages if subject.startswith("ALARM")]
    assert alarms == ["ALARM: somebody changed the audit record"]
