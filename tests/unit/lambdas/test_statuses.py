"""Every status that CloudFormation documents for a stack has a verdict, and one that nobody knows has the safe one."""

import boto3
import pytest

from lambdas.release.records import Stack
from lambdas.release.statuses import RESTS, Rest
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.unit.lambdas.stories import execute, released, requested, settle

DOCUMENTED = boto3.client("cloudformation", region_name="us-east-1").meta.service_model.shape_for("StackStatus").enum
NAME = "r-by-mallory-0123456789ab"
every = pytest.mark.parametrize("status", [*DOCUMENTED, "ENTIRELY_NEW"])


def test_every_documented_status_has_a_verdict_and_no_other() -> None:
    assert set(RESTS) == set(DOCUMENTED)


@every
def test_only_a_stack_that_moves_is_waited_for(status: str) -> None:
    waits = Stack(status=status).is_moving
    assert waits == (status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS")


def intruded(status: str) -> FakeWorld:
    """A champion, and a version that nobody approved serving in its place, the stack in a status."""
    world = FakeWorld()
    champion = released(world)
    version = requested(world, job("job-2", submitter="mallory"), world.trained(0.9))
    world.deploy(version)
    stack = Stack(status=status, release_id=champion.tag("release_id"), change_set="home-1", changed=NOON)
    world.endpoints.stacks[MODEL] = stack
    return world


@every
def test_what_nobody_approved_rings_in_every_status_and_ends_where_it_can(status: str) -> None:
    world = intruded(status)
    outcome = settle(world)
    assert any("ALARM: intrusion" in subject for subject, _ in world.notifier.messages)
    assert "intrusion" in world.audit.whats
    running = world.endpoints.running[MODEL]
    match Stack(status=status).rest:
        case Rest.MOVES:
            assert outcome.startswith("waits for the end")
        case Rest.DONE | Rest.BACK:
            assert world.change_sets.executed[0].startswith("home-to-template-")
        case Rest.HALF:
            assert world.change_sets.ended == [f"took back {MODEL}"]
        case Rest.STUCK:
            assert running.refuses
    assert running.refuses == (Stack(status=status).rest is Rest.STUCK)


@every
def test_a_stack_that_takes_no_change_set_rings_once_though_all_that_serves_is_approved(status: str) -> None:
    world = FakeWorld()
    champion = released(world)
    stack = Stack(status=status, release_id=champion.tag("release_id"), change_set="home-1", changed=NOON)
    world.endpoints.stacks[MODEL] = stack
    settle(world)
    settle(world)
    alarms = [subject for subject, _ in world.notifier.messages if subject == f"ALARM: Atoll-Endpoint-{MODEL} hangs"]
    hangs = stack.rest in {Rest.HALF, Rest.STUCK} and status != "REVIEW_IN_PROGRESS"
    assert len(alarms) == hangs
    assert world.states == ["released"]


def test_a_release_that_was_left_halfway_is_taken_back_and_a_deployment_is_left_to_its_people() -> None:
    for name, ended in ((NAME, [f"took back {MODEL}"]), ("cdk-deploy-change-set", [])):
        world = FakeWorld()
        champion = released(world)
        execute(world, NAME)
        stack = Stack(status="UPDATE_FAILED", release_id=champion.tag("release_id"), change_set=name, changed=NOON)
        world.endpoints.stacks[MODEL] = stack
        settle(world)
        assert world.change_sets.ended == ended
