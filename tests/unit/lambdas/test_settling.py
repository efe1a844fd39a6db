"""From an execution to a champion, or back: the endpoint is believed, and nobody approves their own model."""

from dataclasses import replace

import pytest

from lambdas.release import approvals, events
from lambdas.release.handlers import change_set_executed, release_settled
from lambdas.release.records import Release, Stack, Told
from tests.fakes.artifacts import GOLDEN_SCORES, archive, sha_of
from tests.fakes.change_sets import arn_of, stem_of
from tests.fakes.release import MODEL, NOON, FakeWorld, job, serving
from tests.unit.lambdas.stories import execute, released, requested, settle, stack_event, trail_event

_DID_NOT_START = "Resource handler returned message: did not start"
UNPINGED = Stack(status="UPDATE_ROLLBACK_COMPLETE", reason=_DID_NOT_START, changed=NOON)


def challenged() -> FakeWorld:
    """A champion v1, and v2 of another person, requested."""
    world = FakeWorld()
    released(world)
    requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    return world


def bring_up(world: FakeWorld, status: str = "UPDATE_COMPLETE", who: str = "bob") -> str:
    version = world.registry.versions(MODEL)[0]
    execute(world, version.tag("release_id"), who)
    world.deploy(version, status)
    return settle(world, status)


def test_an_approved_release_that_serves_becomes_the_champion() -> None:
    world = FakeWorld()
    version = released(world)
    assert (version.state, version.tag("approver")) == ("released", "bob")
    assert world.registry.champions == {MODEL: "1"}
    assert world.audit.whats == ["registered", "asked", "requested", "executed", "released"]
    assert world.notifier.messages[-1][0] == f"Released: {MODEL} v1"


def test_a_new_champion_supersedes_the_former_one() -> None:
    world = challenged()
    assert bring_up(world) == "version 2 released"
    assert world.states == ["superseded", "released"]
    assert world.registry.champions == {MODEL: "2"}


def test_a_model_that_does_not_start_leaves_the_champion() -> None:
    world = challenged()
    assert "rolled back" in bring_up(world, "UPDATE_ROLLBACK_COMPLETE")
    assert world.states == ["released", "rolled_back"]
    assert world.registry.champions == {MODEL: "1"}
    assert world.audit.whats[-1] == "rolled_back"
    assert "Rolled back" in world.notifier.messages[-1][0]


def test_a_rollback_is_found_though_the_execution_was_never_heard_of() -> None:
    world = challenged()
    new = world.registry.versions(MODEL)[0]
    world.endpoints.stacks[MODEL] = replace(UNPINGED, release_id="r-by-ann", change_set=arn_of(new.tag("release_id")))
    settle(world, UNPINGED.status)
    assert (
        world.registry.versions(MODEL)[0].tag("reason").startswith("Resource handler returned message: did not start")
    )


def test_an_endpoint_that_went_back_by_itself_is_believed_over_its_stack() -> None:
    world = challenged()
    new = world.registry.versions(MODEL)[0]
    former = world.endpoints.running[MODEL]
    world.deploy(new)
    world.endpoints.running[MODEL] = replace(former, failure_reason="alarm atoll-card-anomaly-5xx went off")
    settle(world)
    assert world.states == ["released", "rolled_back"]
    assert "5xx went off" in world.registry.versions(MODEL)[0].tag("reason")


@pytest.mark.parametrize("scores", [[0.25, 0.7500021], [0.25], None])
def test_a_model_that_answers_otherwise_than_promised_is_taken_out_again(scores: list[float] | None) -> None:
    world = challenged()
    world.endpoints.scores = scores
    assert "goes back" in bring_up(world)
    assert world.states == ["released", "rolled_back"]
    assert world.registry.champions == {MODEL: "1"}
    (name,) = world.change_sets.executed
    assert stem_of(name) == f"home-from-v2-{world.registry.versions(MODEL)[0].tag('manifest_sha256')[:12]}"
    assert world.notifier.messages[-1][0] == f"ALARM: Rolled back: {MODEL} v2"


def test_a_released_archive_that_changed_is_taken_out_again() -> None:
    world = challenged()
    new = world.registry.versions(MODEL)[0]
    world.artifacts.released[MODEL, new.tag("manifest_sha256")] = archive()
    assert "the smoke test could not be made" in bring_up(world)


@pytest.mark.parametrize(
    ("told", "answers", "outcome"),
    [
        (Told(threshold="0.5"), [float(score >= 0.5) for score in GOLDEN_SCORES], "version 2 released"),
        (Told(threshold="0.5"), [float(score < 0.5) for score in GOLDEN_SCORES], "a golden row's score is off by 1"),
        (Told(threshold="half"), [0.0 for _ in GOLDEN_SCORES], "the smoke test could not be made"),
        (Told(decimals="2"), [round(score, 2) for score in GOLDEN_SCORES], "version 2 released"),
        (Told(), [round(score, 2) + 1e-5 for score in GOLDEN_SCORES], "a golden row's score is off by"),
    ],
)
def test_the_smoke_test_asks_as_much_as_the_endpoint_tells(told: Told, answers: list[float], outcome: str) -> None:
    world = challenged()
    version = world.registry.versions(MODEL)[0]
    execute(world, version.tag("release_id"), "bob")
    world.deploy(version)
    world.endpoints.running[MODEL] = replace(serving(version), told=told)
    world.endpoints.scores = answers
    assert outcome in settle(world)


def test_the_first_release_that_fails_its_test_leaves_no_endpoint() -> None:
    world = FakeWorld()
    world.endpoints.scores = None
    version = requested(world)
    execute(world, version.tag("release_id"))
    world.deploy(version)
    settle(world)
    assert [stem_of(name) for name in world.change_sets.executed] == [f"halt-from-v1-{sha_of()[:12]}"]
    assert not world.registry.champions


def test_nobody_approves_their_own_model() -> None:
    world = challenged()
    assert "executed by its own submitter" in bring_up(world, who="cid")
    assert "separation_of_duties_violated" in world.audit.whats
    assert any("was approved by its submitter" in subject for subject, _ in world.notifier.messages)
    assert world.registry.champions == {MODEL: "1"}


def test_an_own_approval_that_is_heard_of_too_late_raises_the_alarm_and_crowned_nobody() -> None:
    world = FakeWorld()
    version = requested(world)
    world.deploy(version)
    assert settle(world).startswith("waits for the trail")
    execute(world, version.tag("release_id"), "Ann")
    assert world.registry.champions == {}
    assert world.notifier.messages[-1][0].startswith("ALARM")
    assert world.registry.versions(MODEL)[0].tag("reason") == "executed by its own submitter"
    assert "executed by its own submitter" in settle(world)
    assert [stem_of(name) for name in world.change_sets.executed] == [f"halt-from-v1-{sha_of()[:12]}"]


def test_a_version_whose_approver_is_heard_of_late_is_crowned_then() -> None:
    world = FakeWorld()
    version = requested(world)
    world.deploy(version)
    assert settle(world).startswith("waits for the trail")
    execute(world, version.tag("release_id"), "bob")
    ((function, event),) = world.functions.delivered
    assert function == "release_settled"
    assert release_settled.release_settled(events.parse(events.StackStatusChanged, dict(event)), world) == (
        "version 1 released"
    )
    assert world.registry.versions(MODEL)[0].tag("approver") == "bob"


def test_nobody_without_an_approver_is_crowned_the_alarm_rings_and_serving_ends() -> None:
    world = FakeWorld()
    version = requested(world)
    world.deploy(version)
    assert settle(world, at=NOON + approvals.ALARM_AFTER).startswith("waits for the trail")
    assert world.notifier.messages[-1][0] == f"ALARM: {MODEL} v1 serves unproven"
    settle(world, at=NOON + approvals.WAY_OUT_AFTER)
    (name,) = world.change_sets.executed
    assert name.startswith("halt-")
    assert world.registry.champions == {}
    assert world.states == ["rolled_back"]


def test_a_denied_execution_is_recorded_and_changes_nothing() -> None:
    world = FakeWorld()
    version = requested(world)
    assert execute(world, version.tag("release_id"), "ann", denied="AccessDenied") == "denied: AccessDenied"
    assert world.states == ["requested"]
    assert world.audit.whats[-1] == "execution_denied"
    assert not world.registry.versions(MODEL)[0].tag("approver")


@pytest.mark.parametrize("name", ["cdk-deploy-change-set", "r-by-zoe-000000000000"])
def test_change_sets_of_others_are_none_of_ours(name: str) -> None:
    world = FakeWorld()
    assert execute(world, name) == "no release"
    assert not world.audit.entries


@pytest.mark.parametrize(("denied", "what"), [("", "way_back_executed"), ("AccessDenied", "way_back_denied")])
def test_each_way_back_is_recorded_and_raises_an_alarm(denied: str, what: str) -> None:
    world = FakeWorld()
    assert execute(world, "halt-from-v1-0", denied=denied) == "way back"
    assert world.audit.whats == [what]
    assert world.notifier.messages[0][0].startswith("ALARM: halt-from-v1-0")


def test_the_first_deployment_without_a_model_does_nothing() -> None:
    world = FakeWorld()
    assert settle(world, "CREATE_COMPLETE") == "no version of ours serves"
    assert not world.notifier.messages


def test_a_deployment_with_the_same_parameters_does_nothing() -> None:
    world = challenged()
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], change_set="cdk-deploy-change-set")
    assert settle(world) == "version 1 is released already"
    assert world.states == ["released", "requested"]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_a_stack_that_still_moves_is_left_alone(status: str) -> None:
    world = FakeWorld()
    version = requested(world)
    world.deploy(version)
    asked = version.tag("release_id")
    world.endpoints.stacks[MODEL] = Stack(status=status, release_id=asked, change_set=asked, changed=NOON)
    assert settle(world) == "not settled"
    assert settle(world, status) == "not settled"
    assert world.states == ["requested"]


def test_a_way_back_that_brought_up_the_former_release_changes_nothing_more() -> None:
    world = challenged()
    champion = world.registry.champion(MODEL)
    assert champion
    world.endpoints.scores = None
    bring_up(world)
    name = world.change_sets.executed[0]
    world.endpoints.running[MODEL] = serving(champion)
    world.endpoints.stacks[MODEL] = Stack(
        status="UPDATE_COMPLETE", release_id=champion.tag("release_id"), change_set=name
    )
    assert settle(world) == "version 1 is released already"
    assert Release(version="1").parameters()["MlflowVersion"] == champion.number


def test_the_functions_take_their_events(monkeypatch: pytest.MonkeyPatch) -> None:
    world = FakeWorld()
    version = requested(world)
    for module in (change_set_executed, release_settled):
        monkeypatch.setattr(module, "connect", lambda: world)
    change_set_executed.handler(trail_event(version.tag("release_id")), None)
    assert world.states == ["executing"]
    world.deploy(version)
    release_settled.handler(stack_event(), None)
    assert world.states == ["released"]
