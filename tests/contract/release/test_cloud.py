"""The cloud in memory, in which tests/faults lives its lives, and the local AWS's CloudFormation: the same promises."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from lambdas.release import events
from lambdas.release.adapters.cloudformation_change_sets import CloudFormationChangeSets
from lambdas.release.adapters.cloudtrail_trail import CloudTrailTrail
from lambdas.release.adapters.sagemaker_endpoints import SageMakerEndpoints
from lambdas.release.deployments import CLOCKS
from lambdas.release.ports import AlreadyExecutedError
from lambdas.release.records import Creation, Release, Stack, name_of, stack_of
from local.story.waiting import wait_for
from tests.fakes import stack as fakes
from tests.fakes.cloud import FakeCloud
from tests.fakes.release import MODEL

if TYPE_CHECKING:
    from local.cloud import LocalCloud

RELEASE = Release(
    image_digest="sha256:" + "a" * 64, manifest_sha256="e" * 64, version="1", release_id="r-by-ann-eeeeeeeeeeee"
)
OTHER = replace(RELEASE, version="2", release_id="r-by-bob-ffffffffffff")
NAME = stack_of(MODEL)


def template(note: str = "first") -> str:
    """A template whose one resource holds the release's id; its model is never made."""
    value = {"Fn::Sub": f"{note} ${{ReleaseId}}"}
    parameters = {name: {"Type": "String", "Default": ""} for name in Release().parameters()}
    resource = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}
    model = json.loads(fakes.template())["Resources"]["Model"] | {"Condition": "Never"}
    never = {"Never": {"Fn::Equals": ["made", "never"]}}
    return json.dumps({"Parameters": parameters, "Conditions": never, "Resources": {"P": resource, "Model": model}})


class Scene(Protocol):
    """A stack that was deployed with `template()`, and what a test does to it."""

    sets: Any  # ports.ChangeSets
    trail: Any  # ports.Trail

    def now(self) -> datetime: ...

    def stack(self) -> Stack: ...

    def template(self) -> str: ...

    def execute(self, name: str) -> None:
        """Execute a change set and wait for its end."""
        ...

    def update(self, text: str) -> None:
        """Deploy another template without a change set."""
        ...


class InMemory:
    def __init__(self) -> None:
        self.cloud = FakeCloud(deployed=template())
        self.sets: Any = self.cloud
        self.trail: Any = self.cloud

    def now(self) -> datetime:
        return self.cloud.now

    def stack(self) -> Stack:
        return self.cloud.stack(MODEL)

    def template(self) -> str:
        return self.cloud.template(MODEL)

    def execute(self, name: str) -> None:
        self.cloud.execute(MODEL, name)
        self.cloud.finish()

    def update(self, text: str) -> None:
        self.cloud.deploy(text, direct=True)
        self.cloud.finish()


class OnTheLocalCloud:
    def __init__(self, client: Any, trail: Any) -> None:  # noqa: ANN401 - boto3 clients
        self._client = client
        self.trail: Any = CloudTrailTrail(trail)
        self.sets: Any = CloudFormationChangeSets(client, role_arn="arn:aws:iam::000000000000:role/narrow")
        self._stacks = SageMakerEndpoints(cloudformation=client, sagemaker=None, runtime=None)

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    def stack(self) -> Stack:
        return self._stacks.stack(MODEL)

    def template(self) -> str:
        return self._stacks.template(MODEL)

    def execute(self, name: str) -> None:
        self.sets.execute(MODEL, name)
        self._client.get_waiter("stack_update_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})

    def update(self, text: str) -> None:
        kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in Release().parameters()]
        self._client.update_stack(StackName=NAME, TemplateBody=text, Parameters=kept)
        self._client.get_waiter("stack_update_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})


def told(scene: Scene, call: str, since: datetime, about: str) -> list[dict[str, Any]]:
    """Wait for the trail, which is late, to tell of calls whose parameters name a change set or stack."""

    def look() -> list[dict[str, Any]] | None:
        found = scene.trail.calls(call, since)
        return [each for each in found if any(about in value for value in each["requestParameters"].values())] or None

    return wait_for(look, f"the trail to tell of {call} about {about}", seconds=30)


@pytest.fixture(params=["fake", "adapter"])
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    if request.param == "fake":
        yield InMemory()
        return
    cloud: LocalCloud = request.getfixturevalue("cloud")
    client = cloud.client("cloudformation")
    client.create_stack(StackName=NAME, TemplateBody=template())
    client.get_waiter("stack_create_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    yield OnTheLocalCloud(client, cloud.client("cloudtrail"))
    client.delete_stack(StackName=NAME)
    client.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})


def ask(scene: Scene, release: Release) -> str:
    return scene.sets.request(MODEL, release.release_id, release, "why")


def test_a_request_waits_until_it_is_executed_or_deleted(scene: Scene) -> None:
    assert not scene.sets.waits(MODEL, RELEASE.release_id)
    assert all([ask(scene, RELEASE), ask(scene, RELEASE), ask(scene, OTHER)])
    assert scene.sets.waits(MODEL, RELEASE.release_id)
    assert sorted(scene.sets.offered(MODEL)) == [RELEASE.release_id, OTHER.release_id]
    assert scene.sets.delete(MODEL, OTHER.release_id)
    assert scene.sets.delete(MODEL, OTHER.release_id)
    assert scene.sets.offered(MODEL) == [RELEASE.release_id]
    assert scene.stack().release_id == ""


def test_what_lies_under_a_requests_name_is_replaced(scene: Scene) -> None:
    """RT-11: one that somebody else made there, with other parameters or another template, is never taken as ours."""
    before = [ask(scene, replace(RELEASE, image_digest="sha256:" + "b" * 64)), ask(scene, RELEASE)]
    assert ask(scene, RELEASE) not in before
    scene.execute(RELEASE.release_id)
    assert scene.stack().release_id == RELEASE.release_id
    assert scene.template() == template()


def test_executing_one_moves_the_stack_and_takes_the_others_away(scene: Scene) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    ask(scene, RELEASE)
    ask(scene, OTHER)
    scene.execute(RELEASE.release_id)
    after = scene.stack()
    assert (after.went_forward, after.can_change, after.is_moving) == (True, True, False)
    assert (after.release_id, after.last_change_set) == (RELEASE.release_id,) * 2
    assert isinstance(scene, InMemory) or before < after.changed
    assert scene.sets.offered(MODEL) == []
    assert scene.template() == template()


def test_a_request_that_vanished_can_be_made_again(scene: Scene) -> None:
    ask(scene, RELEASE)
    ask(scene, OTHER)
    scene.execute(RELEASE.release_id)
    assert ask(scene, OTHER)
    assert scene.sets.waits(MODEL, OTHER.release_id)


def test_a_way_back_can_be_taken_twice_each_time_under_a_name_of_its_own(scene: Scene) -> None:
    taken = []
    for release, back in ((RELEASE, OTHER), (replace(RELEASE, version="3"), OTHER)):
        scene.sets.request(MODEL, f"r-by-ann-{release.version}", release, "why")
        scene.execute(f"r-by-ann-{release.version}")
        taken.append(scene.sets.prepare(MODEL, "home-again", back, "why"))
        scene.execute(taken[-1])
        assert scene.stack().release_id == OTHER.release_id
        assert scene.stack().last_change_set == name_of(taken[-1])
        assert re.fullmatch(r"home-again-[0-9a-f]{16}", name_of(taken[-1]))
    assert len(set(map(name_of, taken))) == 2


def test_a_way_back_that_was_never_taken_makes_place_for_the_next_one(scene: Scene) -> None:
    """Its function died in between."""
    ask(scene, OTHER)
    for _ in range(2):
        assert scene.sets.prepare(MODEL, "home-again", RELEASE, "why")
    assert len(scene.sets.offered(MODEL)) == 2
    assert OTHER.release_id in scene.sets.offered(MODEL)


def test_a_way_back_that_changes_nothing_is_not_there_to_be_executed(scene: Scene) -> None:
    ask(scene, RELEASE)
    scene.execute(RELEASE.release_id)
    assert scene.sets.prepare(MODEL, "home-to-here", RELEASE, "why") is None
    assert scene.sets.offered(MODEL) == []


def test_a_template_of_its_own_takes_the_stacks_place(scene: Scene) -> None:
    scene.execute(scene.sets.prepare(MODEL, "home-to-template", RELEASE, "why", template("restored")))
    assert scene.template() == template("restored")


def test_whoever_took_a_way_backs_name_first_is_not_executed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """RT-11: even where the letters were known, what is executed is the ARN that CloudFormation returned."""
    monkeypatch.setattr("lambdas.release.adapters.cloudformation_change_sets.secrets.token_hex", lambda _: "0" * 16)
    ask(scene, RELEASE)
    scene.execute(RELEASE.release_id)
    scene.sets.request(MODEL, f"home-again-{'0' * 16}", replace(OTHER, version="666"), "a squatter's")
    since, made = scene.now(), scene.sets.prepare(MODEL, "home-again", OTHER, "why")
    scene.execute(made)
    assert scene.stack().release_id == OTHER.release_id
    assert scene.template() == template()
    assert told(scene, "ExecuteChangeSet", since, made)


def test_a_direct_deployment_is_in_the_trail_and_makes_waiting_change_sets_obsolete(scene: Scene) -> None:
    ask(scene, RELEASE)
    scene.execute(RELEASE.release_id)
    ask(scene, OTHER)
    since = scene.now()
    scene.update(template("second"))
    assert scene.template() == template("second")
    assert scene.stack().release_id == RELEASE.release_id
    (call,) = told(scene, "UpdateStack", since, NAME)
    assert abs(datetime.fromisoformat(call["eventTime"]) - scene.stack().changed) < CLOCKS
    assert not scene.sets.waits(MODEL, OTHER.release_id)
    assert scene.sets.offered(MODEL) == []
    assert ask(scene, OTHER)
    assert scene.sets.waits(MODEL, OTHER.release_id)


def test_the_trail_tells_who_made_what_ran_and_the_stack_names_it_by_its_arn(scene: Scene) -> None:
    since = scene.now()
    first = scene.sets.request(MODEL, RELEASE.release_id, replace(RELEASE, version="9"), "others'")
    asked = scene.sets.request(MODEL, RELEASE.release_id, RELEASE, "why")
    scene.execute(RELEASE.release_id)
    assert scene.stack().change_set == asked != first

    def made_as(arn: str) -> Creation | None:
        made = map(events.creation_of, scene.trail.calls("CreateChangeSet", since))
        return next((each for each in made if each and each.arn == arn), None)

    made = [
        wait_for(lambda arn=arn: made_as(arn), "the trail to tell who made it", seconds=30) for arn in (first, asked)
    ]
    assert {(each.name, each.stack) for each in made} == {(RELEASE.release_id, NAME)}
    assert since <= made[0].at <= made[1].at <= scene.stack().changed
    with pytest.raises(AlreadyExecutedError, match=asked):
        scene.sets.request(MODEL, RELEASE.release_id, RELEASE, "again")


def test_the_trail_tells_of_executions_and_deletions_and_who_made_them(scene: Scene) -> None:
    since = scene.now()
    ask(scene, RELEASE)
    ask(scene, OTHER)
    scene.sets.delete(MODEL, OTHER.release_id)
    scene.execute(RELEASE.release_id)
    deleted = [events.called_again(call) for call in told(scene, "DeleteChangeSet", since, OTHER.release_id)]
    deletion = events.parse(events.ChangeSetDeleted, deleted[-1]).execution()
    after = told(scene, "ExecuteChangeSet", deletion.at, RELEASE.release_id)  # not another test's of the same second
    execution = events.parse(events.ChangeSetExecuted, events.called_again(after[-1])).execution()
    assert (execution.change_set, execution.denied) == (RELEASE.release_id, "")
    assert (deletion.change_set, deletion.denied) == (OTHER.release_id, "")
    assert execution.who
    assert deletion.who
    assert since <= deletion.at <= execution.at
    assert NAME in after[-1]["requestParameters"]["stackName"]
    assert scene.trail.calls("ExecuteChangeSet", since + timedelta(days=1)) == []
