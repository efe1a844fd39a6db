"""What a change set must not do: the deployed template stays, and only approved versions serve."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.release import intrusions
from lambdas.release.deployments import TRAIL_DELAY
from lambdas.release.records import Release, Stack, Version
from tests.fakes.change_sets import stem_of
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld, job, serving
from tests.unit.lambdas.stories import execute, released, requested, settle

EVIL = '{"Resources": {"Evil": {}}}'
DEPLOYED = Stack(status="UPDATE_COMPLETE", change_set="cdk-deploy-change-set", changed=NOON)


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
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", release_id=release, change_set=name)
    world.endpoints.running.pop(MODEL, None)
    if version:
        world.endpoints.running[MODEL] = serving(version)


def brought(world: FakeWorld) -> tuple[str, Release, str | None]:
    """The one change set that the platform executed, with what it brought."""
    (name,) = world.change_sets.executed
    return name, *world.change_sets.brought[name]


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
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set=name)
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
    failed = Stack(status="UPDATE_ROLLBACK_COMPLETE", release_id="r-by-cid", change_set=name, changed=NOON)
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
    stack = Stack(status="UPDATE_COMPLETE" if up else "UPDATE_ROLLBACK_COMPLETE", change_set=name)
    assert intrusions.template_problem(stack, current, deployed)
    assert not intrusions.template_problem(stack, current, current)
