"""While a stack moves somebody looks: what its change set brings, and all that its endpoint runs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.release import events, guarding, reports
from lambdas.release.decisions import release_of
from lambdas.release.handlers.release_settled import release_settled
from lambdas.release.reconciling import DELIVERIES_A_DAY, reconcile
from lambdas.release.records import Brought, Container, Release, Stack, stack_of
from lambdas.release.watching import LONGEST
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld, job, serving
from tests.fakes.stack import identity, template
from tests.unit.lambdas.stories import complete, ended, execute, released, requested, settle

EVIL = template("evil")


def moving(name: str, release: Release, text: str = REVIEWED, *, runs: bool = True) -> FakeWorld:
    """A champion v1, v2 of mallory requested, and a change set under way."""
    world = FakeWorld()
    released(world)
    requested(world, job("job-2", submitter="mallory"), world.trained(0.9))
    begin(world, name, release, text, runs=runs)
    return world


def begin(world: FakeWorld, name: str, release: Release, text: str = REVIEWED, *, runs: bool = True) -> None:
    world.change_sets.running[f"{MODEL}/{name}"] = Brought(template=text, release=release, runs=runs)
    stack = Stack(status="UPDATE_IN_PROGRESS", release_id=release.release_id, change_set=name, changed=NOON)
    world.endpoints.stacks[MODEL] = stack
    world.notifier.messages.clear()


def rings(world: FakeWorld) -> list[str]:
    return [subject for subject, _ in world.notifier.messages if subject.startswith("ALARM")]


@pytest.mark.parametrize("name", ["r-by-mallory-{}", "home-1", "halt-1"])
def test_a_change_set_that_brings_another_template_is_cancelled_while_it_runs(name: str) -> None:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="mallory"), world.trained(0.9))
    asked = version.tag("release_id") if name.startswith("r-") else name
    begin(world, asked, Release() if name == "halt-1" else release_of(version), EVIL)
    assert "is not that of the last deployment" in settle(world, "UPDATE_IN_PROGRESS")
    settle(world, "UPDATE_IN_PROGRESS")
    assert world.change_sets.ended[0] == f"cancelled {MODEL}"
    assert rings(world) == [f"ALARM: intrusion in Atoll-Endpoint-{MODEL}"]
    assert world.audit.whats.count("intrusion") == 1


def test_parameters_that_nothing_approved_has_are_cancelled_while_they_run() -> None:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="mallory"), world.trained(0.9))
    asked = release_of(version)
    wrong = [
        ("home-1", asked),  # nobody approved it
        ("home-1", replace(asked, version="1")),
        ("halt-1", asked),
        (asked.release_id, replace(asked, image_digest="sha256:" + "b" * 64)),
        (asked.release_id, Release()),
        ("r-by-nobody-0123456789ab", asked),
    ]
    for name, release in wrong:
        world.change_sets.ended.clear()
        begin(world, name, release)
        assert settle(world).startswith("cancelled: "), name
        assert world.change_sets.ended == [f"cancelled {MODEL}"]


def test_what_may_come_is_left_to_run() -> None:
    world = FakeWorld()
    champion = released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    for name, release in (
        (version.tag("release_id"), release_of(version)),
        ("home-1", release_of(champion)),
        ("halt-1", Release()),
        ("halt-to-template-x", Release()),
        ("cdk-deploy-change-set", release_of(champion)),
    ):
        begin(world, name, release)
        assert settle(world) == "not settled", name
    assert not world.change_sets.ended
    assert not rings(world)


def test_a_release_that_was_turned_down_may_not_be_brought_back() -> None:
    world = FakeWorld()
    released(world)
    turned_down = ended(world, requested(world, job("job-2"), world.trained(0.9)), "rejected")
    begin(world, "home-1", release_of(turned_down))
    assert settle(world).startswith("cancelled: ")


def also(container: Container, **environment: str) -> Container:
    return replace(container, environment={**container.environment, **environment})


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"])
@pytest.mark.parametrize(
    "change",
    [
        lambda own: (also(own, PYTHONPATH="/opt/ml/model"),),
        lambda own: (own, also(own, LD_PRELOAD="/opt/ml/model/x.so")),  # a second variant, or the new fleet
        lambda own: (replace(own, data="s3://data/experiments/x/model.tar.gz"),),
        lambda own: (own, replace(own, image="registry.example/other@sha256:" + "a" * 64)),
    ],
)
def test_every_container_is_compared_whole_while_the_stack_moves_and_when_it_rests(change, status: str) -> None:  # noqa: ANN001
    world = FakeWorld()
    champion = released(world)
    begin(world, "home-1", release_of(champion))
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], status=status)
    (own,) = world.endpoints.running[MODEL].containers
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=change(own))
    assert "a container runs that nobody approved" in settle(world)
    assert rings(world) == [f"ALARM: intrusion in Atoll-Endpoint-{MODEL}"]
    assert not world.change_sets.ended  # the change set is right: its end brings the next look
    assert bool(world.change_sets.executed) == (status == "UPDATE_COMPLETE")


def test_an_endpoint_of_another_stack_is_an_intrusion_and_is_stopped() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], owned=False)
    assert "is no resource of" in settle(world)
    assert world.change_sets.executed[0].startswith("halt-")
    assert "intrusion" in world.audit.whats


def test_an_endpoint_beside_a_stack_without_a_release_is_told_of_and_refuses_all_callers() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set="halt-1")
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], owned=False)
    settle(world)
    assert world.endpoints.running[MODEL].refuses
    assert "remains" in world.audit.whats
    assert world.registry.champions == {MODEL: "1"}  # it isn't taken for the release that serves


def test_a_version_that_was_never_asked_for_keeps_nobody_from_seeing_another_stacks_endpoint() -> None:
    world = FakeWorld()
    released(world)
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], status="UPDATE_IN_PROGRESS")
    world.finish(job("job-2", submitter="bob"), world.trained(0.9))
    assert complete(world, "job-2") == "version 2 waits for the stack, which moves"
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", change_set="halt-1")
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], owned=False)
    settle(world)
    assert world.endpoints.running[MODEL].refuses


def test_a_deployment_may_bring_a_template_of_its_own() -> None:
    new = template("new", ATOLL_SCORE_DECIMALS="4")
    for name, runs in (("cdk-deploy-change-set", True), ("r-by-ann-0123456789ab", False)):
        world = FakeWorld()
        champion = released(world)
        begin(world, name, release_of(champion), new, runs=runs)  # the second began directly, without a change set
        world.endpoints.templates[MODEL] = new
        (own,) = world.endpoints.running[MODEL].containers
        both = (own, also(own, ATOLL_SCORE_DECIMALS="4"))
        world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=both)
        assert settle(world) == "not settled"
        assert not rings(world)


def test_a_move_longer_than_a_release_takes_rings_once_and_refuses_callers_of_what_nobody_approved() -> None:
    world = FakeWorld()
    champion = released(world)
    begin(world, "home-1", release_of(champion))
    settle(world, at=NOON + LONGEST - timedelta(seconds=1))
    assert not rings(world)
    for _ in range(2):
        settle(world, at=NOON + LONGEST)
    assert rings(world) == [f"ALARM: Atoll-Endpoint-{MODEL} hangs"]
    assert not world.endpoints.running[MODEL].refuses
    (own,) = world.endpoints.running[MODEL].containers
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=(also(own, PYTHONPATH="x"),))
    settle(world, at=NOON + LONGEST)
    assert world.endpoints.running[MODEL].refuses


def test_the_reconciler_has_a_move_looked_at_of_which_no_event_came_and_only_until_it_rang() -> None:
    version = released(FakeWorld())
    world = moving("home-1", replace(release_of(version), version="666"))
    reconcile(world, NOON + timedelta(minutes=1))
    function, event = world.functions.delivered.pop()
    assert function == "release_settled"
    assert release_settled(events.parse(events.StackStatusChanged, dict(event)), world).startswith("cancelled")
    reconcile(world, NOON + timedelta(minutes=16))
    assert not world.functions.delivered
    reconcile(world, NOON + LONGEST)
    assert [each for each, _ in world.functions.delivered] == ["release_settled"]


def test_the_reconciler_leaves_a_lawful_move_alone() -> None:
    version = released(FakeWorld())
    world = moving("home-1", release_of(version))
    reconcile(world, NOON + timedelta(minutes=16))
    assert not world.functions.delivered


def test_what_intrudes_at_rest_is_sent_within_a_run_of_the_reconciler() -> None:
    world = FakeWorld()
    released(world)
    way = world.registry.versions(MODEL)[0]
    now = NOON + timedelta(hours=1)
    world.endpoints.stacks[MODEL] = Stack(
        status="UPDATE_COMPLETE", release_id=way.tag("release_id"), change_set="home-1", changed=now
    )
    (own,) = serving(way).containers
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=(also(own, PYTHONPATH="x"),))
    reconcile(world, now + timedelta(minutes=1))
    assert [each for each, _ in world.functions.delivered] == ["release_settled"]


def test_an_intruder_is_driven_out_though_three_other_deviations_were_looked_at_that_day() -> None:
    world = FakeWorld()
    released(world)
    for hour in range(DELIVERIES_A_DAY):
        reports.redelivered(world, MODEL, f"Atoll-Endpoint-{MODEL}", {}, NOON + timedelta(hours=hour))
    changed = NOON + timedelta(hours=5)
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], changed=changed)
    (own,) = world.endpoints.running[MODEL].containers
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=(also(own, PYTHONPATH="/x"),))
    reconcile(world, changed + timedelta(minutes=16))
    assert [function for function, _ in world.functions.delivered] == ["release_settled"]


def test_an_execution_has_the_operation_watched_that_it_began() -> None:
    world = moving("home-1", Release())
    execute(world, "home-1", "olga")
    assert [each for each, _ in world.functions.delivered] == ["release_settled"]
    world.functions.delivered.clear()
    execute(world, "home-1", "olga", denied="AccessDenied")
    assert not world.functions.delivered


@pytest.mark.parametrize("kind", ["SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"])
def test_sagemakers_own_events_start_a_look(kind: str) -> None:
    world = FakeWorld()
    released(world)
    (own,) = world.endpoints.running[MODEL].containers
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], containers=(also(own, PYTHONPATH="x"),))
    event = {
        "id": "e",
        "source": "aws.sagemaker",
        "detail-type": kind,
        "time": NOON.isoformat(),
        "detail": {"EndpointName": f"atoll-{MODEL}", "EndpointStatus": "UPDATING"},
    }
    changed = events.parse(events.kind_of_change(event), event)
    assert "PYTHONPATH" in release_settled(changed, world)


def test_a_stack_of_a_model_that_is_not_ours_is_left_alone() -> None:
    world = FakeWorld()
    event = {
        "id": "e",
        "source": "aws.cloudformation",
        "detail-type": "CloudFormation Stack Status Change",
        "time": NOON.isoformat(),
        "detail": {"stack-id": "arn:x:stack/Atoll-Endpoint-shadow/1", "status-details": {"status": "CREATE_COMPLETE"}},
    }
    assert release_settled(events.parse(events.StackStatusChanged, event), world) == "shadow is no model of ours"
    assert guarding.look(world, MODEL)


def began(world: FakeWorld, role: str, name: str = "cdk-deploy-change-set") -> None:
    """The trail tells who executed the change set that moves the stack."""
    asked = {"stackName": stack_of(MODEL), "changeSetName": name}
    who = identity("mallory", role)
    call = {"eventName": "ExecuteChangeSet", "eventTime": NOON.isoformat(), "requestParameters": asked}
    world.trail.made.append(call | {"userIdentity": who})


def test_what_another_role_than_the_deployers_began_is_cancelled_when_the_trail_tells() -> None:
    world = moving("cdk-deploy-change-set", Release(), EVIL)
    assert settle(world, "UPDATE_IN_PROGRESS") == "not settled"
    began(world, "SomeDeveloper")
    assert "which may not deploy" in settle(world, "UPDATE_IN_PROGRESS")
    assert world.change_sets.ended == [f"cancelled {MODEL}"]
    assert rings(world) == [f"ALARM: intrusion in Atoll-Endpoint-{MODEL}"]


def test_a_deployment_by_its_own_role_goes_on() -> None:
    world = moving("cdk-deploy-change-set", Release(), EVIL)
    began(world, "Deployer")
    assert settle(world, "UPDATE_IN_PROGRESS") == "not settled"
    assert not rings(world)


def test_an_executed_deployment_is_looked_at_when_it_is_known_who_did_it() -> None:
    world = FakeWorld()
    assert execute(world, "cdk-deploy-change-set", "aws-cdk-dora", role="arn:x:iam::1:role/Deployer") == "no release"
    assert [function for function, _ in world.functions.delivered] == ["release_settled"]
