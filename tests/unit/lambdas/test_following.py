"""A release that moves while the trail still owes who brought the template that it keeps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.release.decisions import release_of
from lambdas.release.records import Stack, stack_of
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import identity, template
from tests.unit.lambdas.stories import execute, released, requested, settle
from tests.unit.lambdas.test_watching import also, begin, rings


def followed(role: str = "", minutes: int = 10) -> tuple[FakeWorld, str]:
    """A release runs some minutes after a deployment changed the template; the trail tells whose, or nothing."""
    new = template("new", ATOLL_SCORE_DECIMALS="4")
    world = FakeWorld()
    champion = released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    resting = Stack(status="UPDATE_COMPLETE", release_id=champion.tag("release_id"), change_set="cdk", changed=NOON)
    world.endpoints.stacks[MODEL], world.endpoints.templates[MODEL] = resting, new
    settle(world)
    assert "deployment_seen" in world.audit.whats
    if role:
        asked = {"stackName": stack_of(MODEL), "changeSetName": "cdk"}
        call = {"eventName": "ExecuteChangeSet", "eventTime": NOON.isoformat(), "requestParameters": asked}
        world.trail.made.append(call | {"userIdentity": identity("dora", role)})
    execute(world, version.tag("release_id"))
    begin(world, version.tag("release_id"), release_of(version), new)
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], changed=NOON + timedelta(minutes=minutes))
    (own,) = world.endpoints.running[MODEL].containers
    now = (also(own, ATOLL_SCORE_DECIMALS="4"),)
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=now)
    return world, new


@pytest.mark.parametrize(("role", "minutes"), [("", 10), ("Deployer", 10), ("Deployer", 60)])
def test_a_release_that_follows_a_deployment_is_left_to_run(role: str, minutes: int) -> None:
    world, new = followed(role, minutes)
    before = len(world.audit.whats)
    assert settle(world) == "not settled"
    assert (world.change_sets.ended, rings(world)) == ([], [])
    assert (world.templates.recorded(MODEL) == new) == bool(role)
    assert world.audit.whats[before:] == (["deployed"] if role else [])


@pytest.mark.parametrize(("role", "minutes"), [("", 30), ("SomeDeveloper", 10)])
def test_a_release_that_follows_a_strangers_template_is_cancelled(role: str, minutes: int) -> None:
    world, _ = followed(role, minutes)
    assert "is not that of the last deployment" in settle(world)
    assert world.change_sets.ended == [f"cancelled {MODEL}"]
    assert rings(world) == [f"ALARM: intrusion in Atoll-Endpoint-{MODEL}"]
