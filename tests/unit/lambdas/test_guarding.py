"""What a change set must not do: the deployed template stays, and only approved versions serve."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.release import intrusions
from lambdas.release.decisions import release_of
from lambdas.release.deployments import RINGS_AFTER, TRAIL_DELAY
from lambdas.release.records import Release, Stack, Version, stack_of
from tests.fakes.change_sets import stem_of
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld, job, serving
from tests.fakes.stack import identity, serving_release, template
from tests.unit.lambdas.stories import execute, released, requested, settle

EVIL = '{"Resources": {"Evil": {}}}'
DEPLOYED = Stack(status="UPDATE_COMPLETE", last_change_set="cdk-deploy-change-set", changed=NOON)


def told(
    world: FakeWorld, call: str = "ExecuteChangeSet", role: str = "Deployer", name: str = "cdk-deploy-change-set"
) -> None:
    """The trail tells who began the stack's last operation."""
    asked = {"stackName": f"arn:x:stack/{stack_of(MODEL)}/1"} | ({"changeSetName": name} if name else {})
    began = world.endpoints.stacks[MODEL].changed.isoformat()
    made = {"eventName": call, "eventTime": began, "requestParameters": asked, "userIdentity": identity("dora", role)}
    world.trail.made.append(made)


def challenged() -> FakeWorld:
    """A champion v1, and v2 of another person, requested and executed."""
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    return world


def way_back(world: FakeWorld, name: str, version: Version | None) -> None:
    """Let an operator bring up a version under a name that goes back, or stop the endpoint."""
    release = version.tag("release_id") if version else ""
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", release_id=release, last_change_set=name)
    world.endpoints.running.pop(MODEL, None)
    if version:
        world.endpoints.running[MODEL] = serving(version)


def brought(world: FakeWorld) -> tuple[str, Release, str | None]:
    """The one change set that the platform executed, with what it brought."""
    (name,) = world.change_sets.executed
    return name, *world.change_sets.brought[name]


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
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", changed=NOON, last_change_set="r-by-cid-0")
    settle(world)
    assert world.templates.deployed == {MODEL: REVIEWED}
    assert "ALARM: intrusion" in world.notifier.messages[0][0]


def test_a_direct_deployment_is_believed_though_the_stack_still_names_a_release() -> None:
    world = direct("UpdateStack")
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], last_change_set="r-by-cid-0123456789ab")
    settle(world)
    assert world.templates.deployed == {MODEL: "new"}
    assert not world.change_sets.executed


def test_a_deployment_after_it_does_not_hide_what_an_operator_brought_up_unapproved() -> None:
    world = FakeWorld()
    released(world)
    way_back(world, "home-to-the-future", requested(world, job("job-2", submitter="cid"), world.trained(0.9)))
    world.endpoints.stacks[MODEL] = replace(DEPLOYED, changed=NOON - TRAIL_DELAY)
    assert "which nobody approved" in settle(world)
    assert brought(world)[1].version == "1"
    assert world.registry.champions == {MODEL: "1"}


def test_a_way_back_that_brought_an_image_which_was_taken_out_is_stopped() -> None:
    world = FakeWorld()
    version = released(world)
    way_back(world, "home-x", version)
    world.image.published = f"{world.image.published.partition('@')[0]}@sha256:{'b' * 64}"
    assert "is neither published now nor in `images.former`" in settle(world)
    assert brought(world)[1] == Release()


@pytest.mark.parametrize("name", ["r-by-cid-eeeeeeeeeeee", "r-by-anything", "home-x", "halt-x", ""])
def test_no_change_set_of_the_release_path_makes_a_template_trusted(name: str) -> None:
    world = FakeWorld()
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", last_change_set=name)
    world.endpoints.templates[MODEL] = EVIL
    settle(world)
    assert world.templates.deployed == {MODEL: REVIEWED}
    assert "ALARM: intrusion" in world.notifier.messages[0][0]


def test_a_release_with_another_template_is_rolled_back_to_the_champion_under_the_deployed_template() -> None:
    world = challenged()
    champion = world.registry.champion(MODEL)
    world.deploy(world.registry.versions(MODEL)[0])
    world.endpoints.templates[MODEL] = EVIL
    assert "is not that of the last deployment" in settle(world)
    name, release, template = brought(world)
    assert name.startswith("home-to-template-")
    assert (release.version, template) == ("1", REVIEWED)
    assert champion
    assert release.manifest_sha256 == champion.tag("manifest_sha256")
    assert world.states == ["released", "rolled_back"]
    assert "template" in world.registry.versions(MODEL)[0].tag("reason")
    assert world.registry.champions == {MODEL: "1"}
    assert {"intrusion", "rolled_back"} <= set(world.audit.whats)
    assert any(subject.startswith("ALARM: intrusion") for subject, _ in world.notifier.messages)
    world.endpoints.templates[MODEL] = REVIEWED
    way_back(world, name, champion)
    assert settle(world) == "version 1 is released already"


def test_a_first_release_with_another_template_leaves_no_endpoint() -> None:
    world = FakeWorld()
    world.deploy(requested(world))
    world.endpoints.templates[MODEL] = EVIL
    settle(world)
    name, release, template = brought(world)
    assert name.startswith("halt-to-template-")
    assert (release, template) == (Release(), REVIEWED)
    assert world.states == ["rolled_back"]


def test_a_release_goes_back_when_no_deployment_was_ever_recorded() -> None:
    world = FakeWorld()
    world.templates.deployed.clear()
    world.deploy(requested(world))
    assert "is not known from any deployment" in settle(world)
    name, release, template = brought(world)
    assert name.startswith("halt-to-template-as-is-")
    assert (release, template) == (Release(), None)
    assert world.states == ["rolled_back"]


def test_the_champions_own_change_set_made_again_with_another_template_keeps_the_champion() -> None:
    world = FakeWorld()
    world.deploy(released(world))
    world.endpoints.templates[MODEL] = EVIL
    settle(world)
    assert brought(world)[1].version == "1"
    assert world.states == ["released"]


def test_an_operators_stop_with_another_template_stays_a_stop() -> None:
    world = FakeWorld()
    released(world)
    way_back(world, "halt-it", None)
    world.endpoints.templates[MODEL] = EVIL
    settle(world)
    assert brought(world)[1:] == (Release(), REVIEWED)


def test_a_way_out_that_cloudformation_rolled_back_is_not_tried_for_ever() -> None:
    world = challenged()
    world.deploy(world.registry.versions(MODEL)[0])
    world.endpoints.templates[MODEL] = EVIL
    settle(world)
    (name,) = world.change_sets.executed
    failed = Stack(status="UPDATE_ROLLBACK_COMPLETE", release_id="r-by-cid", last_change_set=name, changed=NOON)
    world.endpoints.stacks[MODEL] = failed
    assert settle(world).startswith(f"{stem_of(name)} failed")
    assert world.change_sets.executed == [name]
    assert "ALARM" in world.notifier.messages[-1][0]


def test_an_operator_alone_can_not_bring_up_a_version_that_nobody_approved() -> None:
    world = FakeWorld()
    released(world)
    way_back(world, "home-to-the-future", requested(world, job("job-2", submitter="cid"), world.trained(0.9)))
    assert "which nobody approved" in settle(world)
    assert brought(world)[1].version == "1"
    assert world.states == ["released", "requested"]
    assert world.registry.champions == {MODEL: "1"}


def test_an_operator_may_go_back_to_a_former_champion() -> None:
    world = challenged()
    old, new = reversed(world.registry.versions(MODEL))
    world.deploy(new)
    assert settle(world) == "version 2 released"
    way_back(world, "home-to-v1", old)
    assert settle(world, at=NOON + timedelta(minutes=1)) == "version 1 released"
    assert world.states == ["released", "superseded"]
    assert not world.change_sets.executed


def test_a_change_set_that_serves_other_files_than_its_name_says_goes_back() -> None:
    world = challenged()
    world.deploy(world.registry.versions(MODEL)[0])
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], manifest_sha256="f" * 64)
    assert f"manifest {'f' * 64}" in settle(world)
    assert brought(world)[1].version == "1"
    assert world.states == ["released", "rolled_back"]


@given(st.text(), st.text(), st.sampled_from(["r-by-a-0", "home-x", "halt-x", ""]), st.booleans())
def test_another_template_is_found_whatever_it_holds(current: str, deployed: str, name: str, up: bool) -> None:  # noqa: FBT001
    assume(current != deployed)
    stack = Stack(status="UPDATE_COMPLETE" if up else "UPDATE_ROLLBACK_COMPLETE", last_change_set=name)
    assert intrusions.template_problem(stack, current, deployed)
    assert not intrusions.template_problem(stack, current, current)
