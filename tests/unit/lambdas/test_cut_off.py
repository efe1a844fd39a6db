"""People act without CloudFormation, or it fails quietly: the platform brings stack and endpoint together."""

from dataclasses import replace

from lambdas.release.records import Release, Stack
from tests.fakes.release import MODEL, FakeWorld, job
from tests.unit.lambdas.stories import execute, released, requested, settle


def stopped_by_the_platform(world: FakeWorld) -> Release:
    """What the one stop brought that the platform executed."""
    (name,) = world.change_sets.executed
    assert name.startswith("halt-")
    return world.change_sets.brought[name][0]


def test_an_endpoint_that_an_operator_deleted_is_stopped_in_its_stack_too() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.running.pop(MODEL)
    assert settle(world).endswith("the endpoint is gone and its stack names a release")
    assert stopped_by_the_platform(world) == Release()
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set=world.change_sets.executed[0])
    assert "stopped" in settle(world)
    assert world.states == ["superseded"]


def test_an_endpoint_that_refuses_all_callers_is_stopped() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], refuses=True)
    assert settle(world).endswith("an operator refuses all callers of the endpoint")
    assert stopped_by_the_platform(world) == Release()


def test_a_release_after_a_stop_by_hand_serves() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.running.pop(MODEL)
    settle(world)
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set=world.change_sets.executed[0])
    settle(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    world.deploy(version)
    assert settle(world) == "version 2 released"


def test_an_endpoint_that_outlived_its_stop_is_told_of() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set="halt-v1")
    assert "it was not deleted" in settle(world)
    subject, text = world.notifier.messages[-1]
    assert subject == f"ALARM: the endpoint of {MODEL} serves on after its stop"
    assert "stop --now" in text
    assert not world.change_sets.executed


def test_an_endpoint_whose_configuration_is_gone_is_stopped_and_never_updated() -> None:
    world = FakeWorld()
    version = released(world)
    unknown = replace(
        world.endpoints.running[MODEL], manifest_sha256="", release_id="", version="", image_digest="", lost=True
    )
    world.endpoints.running[MODEL] = unknown
    world.endpoints.stacks[MODEL] = Stack(
        status="UPDATE_COMPLETE", release_id="r-by-cid-0", change_set=version.tag("release_id")
    )
    assert "which nobody approved" in settle(world)
    assert stopped_by_the_platform(world) == Release()
