"""A deployment counts once the trail names the role that deploys; what another role brought goes back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.release import deployments, guarding, intrusions
from lambdas.release.decisions import release_of
from lambdas.release.deployments import RINGS_AFTER, TRAIL_DELAY
from lambdas.release.records import Release, Stack, Version, stack_of
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld
from tests.fakes.stack import identity, serving_release, template
from tests.unit.lambdas.stories import released, settle
from tests.unit.lambdas.test_guarding import DEPLOYED, brought, challenged


def told(
    world: FakeWorld, call: str = "ExecuteChangeSet", role: str = "Deployer", name: str = "cdk-deploy-change-set"
) -> None:
    """The trail tells who began the stack's last operation."""
    asked = {"stackName": f"arn:x:stack/{stack_of(MODEL)}/1"} | ({"changeSetName": name} if name else {})
    began = world.endpoints.stacks[MODEL].changed.isoformat()
    made = {"eventName": call, "eventTime": began, "requestParameters": asked, "userIdentity": identity("dora", role)}
    world.trail.made.append(made)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE"])
def test_a_deployment_makes_its_template_the_one_that_releases_keep(status: str) -> None:
    world = FakeWorld()
    world.templates.deployed.clear()
    world.endpoints.stacks[MODEL] = replace(DEPLOYED, status=status)
    told(world)
    for _ in range(2):
        assert settle(world) == "no version of ours serves"
    assert world.templates.deployed == {MODEL: REVIEWED}
    assert world.audit.whats == ["deployment_seen", "deployed"]
    entry = list(world.audit.entries.values())[-1]
    sha256, role = entry.details["template_sha256"], entry.details["role"]
    assert (sha256, role, entry.who) == (intrusions.sha256(REVIEWED), "arn:x:iam::1:role/Deployer", "dora")
    assert "released" in released(world).state


def deployed_over(world: FakeWorld, version: Version) -> str:
    """A deployment brings another template, with another environment, under a release that serves."""
    world.endpoints.stacks[MODEL] = replace(DEPLOYED, release_id=version.tag("release_id"))
    world.endpoints.templates[MODEL] = new = template("new", ATOLL_SCORE_DECIMALS="4")
    world.endpoints.running[MODEL] = serving_release(release_of(version), new)
    return new


def test_a_new_template_of_a_deployment_leaves_the_running_release_alone() -> None:
    world = FakeWorld()
    version = released(world)
    new = deployed_over(world, version)
    told(world)
    assert settle(world) == "version 1 is released already"
    assert world.templates.deployed == {MODEL: new}
    assert world.states == ["released"]
    assert not world.change_sets.executed


def test_a_deployment_is_believed_when_the_trail_tells_and_rings_when_it_should_have() -> None:
    world = FakeWorld()
    version = released(world)
    new = deployed_over(world, version)
    before = len(world.notifier.messages)
    assert settle(world, at=NOON + RINGS_AFTER / 2).startswith("waits for the trail")
    assert (world.templates.deployed, len(world.notifier.messages)) == ({MODEL: REVIEWED}, before)
    assert settle(world, at=NOON + RINGS_AFTER).startswith("waits for the trail")
    assert "ALARM: intrusion" in world.notifier.messages[-1][0]
    told(world)
    assert settle(world, at=NOON + RINGS_AFTER) == "version 1 is released already"
    assert world.templates.deployed == {MODEL: new}
    assert not world.change_sets.executed


def test_what_the_trail_tells_between_two_looks_takes_no_deployment_back() -> None:
    world = FakeWorld()
    new = deployed_over(world, released(world))
    seen = guarding.look(world, MODEL)
    assert seen
    deployments.keep(world, MODEL, seen.stack)
    before = len(world.notifier.messages)
    told(world)
    assert guarding.drive_out(world, seen, "another template", NOON + RINGS_AFTER / 2).startswith("waits for the trail")
    assert (len(world.notifier.messages), world.change_sets.executed) == (before, [])
    settle(world, at=NOON + RINGS_AFTER / 2)
    assert world.templates.deployed == {MODEL: new}
    assert deployments.unproven(world, MODEL, seen.stack, NOON + RINGS_AFTER / 2) is None


@pytest.mark.parametrize("role", ["Approver", "SomeDeveloper", "Deployer-2", ""])
@pytest.mark.parametrize("call", ["ExecuteChangeSet", "UpdateStack"])
@pytest.mark.parametrize("others", [False, True])
def test_what_another_role_deployed_is_never_expected_and_goes_back_at_once(role: str, call: str, others: bool) -> None:  # noqa: FBT001
    world = FakeWorld()
    version = released(world)
    deployed_over(world, version)
    name = "cdk-deploy-change-set" if call == "ExecuteChangeSet" else ""
    told(world, call, role, name)
    if others:  # at the same moment: who may deploy lends a stranger no trust
        told(world, call, "Deployer", name)
    assert "which may not deploy" in settle(world)
    assert "ALARM: intrusion" in world.notifier.messages[-1][0]
    release, template_back = brought(world)[1:]
    assert (release.version, template_back) == ("1", REVIEWED)
    assert "deployed" not in world.audit.whats


@pytest.mark.parametrize("call", ["UpdateStack", "CreateStack", "ExecuteChangeSet"])
@pytest.mark.parametrize("role", ["Deployer", "SomeDeveloper"])
def test_a_strangers_call_of_another_kind_beside_the_deployers_began_the_operation(call: str, role: str) -> None:
    world = FakeWorld()
    deployed_over(world, released(world))
    told(world)
    told(world, call, role, "cdk-deploy-change-set" if call == "ExecuteChangeSet" else "")
    if call == "ExecuteChangeSet":  # by the change set's ARN alone
        world.trail.made[-1]["requestParameters"] = {"changeSetName": "arn:x:changeSet/cdk-deploy-change-set/1"}
    settle(world)
    assert ("deployed" in world.audit.whats, "intrusion" in world.audit.whats) == (
        role == "Deployer",
        role != "Deployer",
    )


@pytest.mark.parametrize(
    ("stack", "name", "minutes"),
    [
        ("another-stack", "cdk-deploy-change-set", 0),
        (stack_of(MODEL), "another-change-set", 0),
        (stack_of(MODEL), "cdk-deploy-change-set", -3),
        (stack_of(MODEL), "cdk-deploy-change-set", 3),
    ],
)
def test_a_call_on_another_stack_of_another_name_or_time_proves_no_deployment(
    stack: str, name: str, minutes: int
) -> None:
    world = FakeWorld()
    deployed_over(world, released(world))
    told(world, name=name)
    call = world.trail.made[-1]
    call["requestParameters"]["stackName"] = stack
    call["eventTime"] = (NOON + timedelta(minutes=minutes)).isoformat()
    assert settle(world).startswith("waits for the trail")
    assert "deployed" not in world.audit.whats


def test_a_release_that_came_up_before_the_trail_told_of_the_deployment_waits_for_that() -> None:
    world = challenged()
    world.endpoints.stacks[MODEL] = DEPLOYED
    world.endpoints.templates[MODEL] = new = template("new")
    settle(world)
    told(world)
    call = world.trail.made.pop()
    version = world.registry.versions(MODEL)[0]
    world.deploy(version)
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], changed=NOON + timedelta(minutes=5))
    assert settle(world, at=NOON + timedelta(minutes=10)).startswith("waits for the trail")
    assert world.states == ["released", "executing"]
    world.trail.made.append(call)
    assert settle(world, at=NOON + timedelta(minutes=12)) == "version 2 released"
    assert world.templates.deployed == {MODEL: new}


def test_a_deployment_that_failed_makes_no_template_trusted_and_hides_none() -> None:
    world = FakeWorld()
    failed = replace(DEPLOYED, status="UPDATE_ROLLBACK_COMPLETE", changed=NOON)
    world.endpoints.stacks[MODEL] = failed
    world.endpoints.templates[MODEL] = "whatever stood there before"
    assert settle(world).startswith("waits for the trail")
    assert world.templates.deployed == {MODEL: REVIEWED}
    assert not world.change_sets.executed
    world.endpoints.stacks[MODEL] = replace(failed, changed=NOON - TRAIL_DELAY)
    settle(world)
    assert brought(world)[1:] == (Release(), REVIEWED)


def direct(called: str, status: str = "UPDATE_COMPLETE") -> FakeWorld:
    """A world in which a deployment without a change set (`--method=direct`) brought a template; or some other call."""
    world = FakeWorld()
    world.endpoints.stacks[MODEL] = Stack(status=status, changed=NOON)
    world.endpoints.templates[MODEL] = "new"
    told(world, called, name="")
    return world


def test_a_direct_deployment_is_found_in_the_trail() -> None:
    world = direct("UpdateStack")
    settle(world)
    assert world.templates.deployed == {MODEL: "new"}
    assert world.audit.whats == ["deployment_seen", "deployed"]


def test_an_operation_without_a_change_set_waits_for_the_trail_and_is_undone_when_that_knows_nothing() -> None:
    world = direct("ContinueUpdateRollback")
    assert settle(world).startswith("waits for the trail")
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", changed=NOON - TRAIL_DELAY)
    settle(world)
    assert world.templates.deployed == {MODEL: REVIEWED}
    assert brought(world)[1:] == (Release(), REVIEWED)


def test_a_direct_deployment_lends_no_trust_to_a_release_of_the_same_minute() -> None:
    world = direct("UpdateStack")
    told(world, name="r-by-cid-0123456789ab")
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", changed=NOON, change_set="r-by-cid-0")
    settle(world)
    assert world.templates.deployed == {MODEL: REVIEWED}
    assert "ALARM: intrusion" in world.notifier.messages[0][0]


def test_a_direct_deployment_is_believed_though_the_stack_still_names_a_release() -> None:
    world = direct("UpdateStack")
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], change_set="r-by-cid-0123456789ab")
    settle(world)
    assert world.templates.deployed == {MODEL: "new"}
    assert not world.change_sets.executed


def flooded(world: FakeWorld, call: str, until: timedelta) -> FakeWorld:
    """More later calls than one look-up reads, on stacks of others."""
    asked = {"stackName": "another-stack", "changeSetName": "theirs"}
    later = {"eventName": call, "eventTime": (NOON + until).isoformat(), "requestParameters": asked}
    world.trail.made += [later | {"userIdentity": identity("dora", "SomeDeveloper")}] * world.trail.most
    return world


def test_no_flood_of_later_calls_hides_a_direct_update() -> None:
    world = flooded(direct("UpdateStack"), "UpdateStack", timedelta(minutes=5))
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], change_set="r-by-cid-0123456789ab")
    seen = guarding.look(world, MODEL)
    assert seen
    assert seen.stack.last_change_set == ""


@pytest.mark.parametrize("role", ["Deployer", "SomeDeveloper"])
def test_no_flood_of_later_calls_hides_who_deployed(role: str) -> None:
    world = FakeWorld()
    deployed_over(world, released(world))
    told(world, role=role)
    flooded(world, "ExecuteChangeSet", timedelta(minutes=5))
    settle(world)
    assert ("deployed" in world.audit.whats, "intrusion" in world.audit.whats) == (
        role == "Deployer",
        role != "Deployer",
    )
