"""What people ask for: the platform builds it from the record alone, and says what it did or why it did nothing."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lambdas.release import events, known
from lambdas.release.handlers.function_invoked import function_invoked
from lambdas.release.handlers.way_back_asked import way_back_asked
from lambdas.release.records import Release, Stack
from tests.fakes.change_sets import arn_of
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld, job
from tests.unit.lambdas.stories import complete, execute, released, requested, settle

REQUEST = "c5a3f0d2-0000-4000-8000-000000000001"


def asked(world: FakeWorld, release: str, **changed: object) -> Mapping[str, str]:
    """What the platform answers a person."""
    event = {"model": MODEL, "release": release, "reason": "alerts doubled"} | changed
    return way_back_asked(event, REQUEST, NOON, world)


def with_two_champions() -> tuple[FakeWorld, str, str]:
    """A world in which v1 was the champion and v2 is; and their release ids."""
    world = FakeWorld()
    first = released(world)
    second = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, second.tag("release_id"))
    world.deploy(second)
    assert settle(world) == "version 2 released"
    return world, first.tag("release_id"), second.tag("release_id")


def test_a_former_champion_comes_back_with_the_parameters_on_record() -> None:
    world, first, _ = with_two_champions()
    answer = asked(world, first)
    (name,) = world.change_sets.executed
    assert answer == {"change_set": name, "request": REQUEST}
    assert name.startswith("home-to-v1-by-hand-")
    release, template = world.change_sets.brought[name]
    assert (release.release_id, release.version, template) == (first, "1", None)


def test_a_stop_brings_nothing_and_needs_no_champion() -> None:
    world = FakeWorld()
    world.deploy(requested(world))
    answer = asked(world, "")
    assert answer["change_set"].startswith("halt-by-hand-")
    assert world.change_sets.brought[answer["change_set"]] == (Release(), None)


def test_what_was_asked_is_on_record_before_it_is_done_and_who_asked_follows() -> None:
    world, first, _ = with_two_champions()
    name = asked(world, first)["change_set"]
    (entry,) = [e for e in world.audit.entries.values() if e.what == "way_back_asked"]
    assert (entry.model, entry.subject) == (MODEL, REQUEST)
    assert entry.details == {"reason": "alerts doubled", "release": first, "change_set": arn_of(name)}
    for denied, what in ((None, "asked_by"), ("AccessDenied", "asking_denied")):
        call = {
            "eventName": "Invoke",
            "requestID": REQUEST,
            "requestParameters": {"functionName": "arn:x:lambda:r:1:function:Atoll-Release-WayBackAsked-1"},
            "userIdentity": {"arn": "arn:x:sts::1:assumed-role/Operator/olga"},
        } | ({"errorCode": denied} if denied else {})
        event = {"detail-type": "AWS API Call via CloudTrail", "time": NOON.isoformat(), "detail": call}
        assert function_invoked(events.parse(events.FunctionInvoked, event), world) == (
            "olga called Atoll-Release-WayBackAsked-1"
        )
        named = [e for e in world.audit.entries.values() if e.what == what]
        assert [(e.subject, e.who) for e in named] == [(REQUEST, "olga")]
        assert REQUEST in world.notifier.messages[-1][1]


def test_the_recorded_template_comes_back_with_a_release_and_with_a_stop() -> None:
    world, first, _ = with_two_champions()
    world.endpoints.templates[MODEL] = "another template"
    for release in (first, ""):
        name = asked(world, release)["change_set"]
        assert world.change_sets.brought[name][1] == REVIEWED


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ("requested", "knows no champion"),
        ("unknown", "knows no champion"),
        ("rolled back", "may not serve: the stack is worse"),
        ("serving", "is what the stack of"),
        ("unsigned", "may not serve"),
    ],
)
def test_what_may_not_serve_does_not_come_back(which: str, why: str) -> None:
    world, first, second = with_two_champions()
    waiting = requested(world, job("job-3", submitter="dan"), world.trained(0.95))
    releases = {"requested": waiting.tag("release_id"), "unknown": "r-by-zoe-000000000000", "serving": second}
    if which == "unsigned":
        world.artifacts.papers.clear()
    if which == "rolled back":
        from lambdas.release import reports  # noqa: PLC0415 - used here only

        version = next(v for v in world.registry.versions(MODEL) if v.tag("release_id") == first)
        reports.rolled_back(world, version, "the stack is worse", NOON)
    answer = asked(world, releases.get(which, first))
    assert why in answer["refused"]
    assert not world.change_sets.executed
    assert "way_back_asked" not in world.audit.whats


OTHER_IMAGE = f"registry.example/atoll/model@sha256:{'b' * 64}"


def test_an_image_that_the_settings_keep_comes_back_and_one_that_was_taken_out_does_not() -> None:
    world, first, _ = with_two_champions()
    world.image.published = OTHER_IMAGE
    answer = asked(world, first)
    assert f"its image sha256:{'a' * 64} is neither published now nor in `images.former`" in answer["refused"]
    assert not world.change_sets.executed
    kept = world.settings.model_copy(update={"former_images": (f"sha256:{'a' * 64}",)})
    assert "change_set" in asked(replace(world, settings=kept), first)


@pytest.mark.parametrize("kept", [True, False])
def test_the_platforms_own_way_back_stops_where_the_former_image_may_not_run(kept: bool) -> None:  # noqa: FBT001
    world = FakeWorld()
    released(world)
    world.image.published = OTHER_IMAGE
    former = (f"sha256:{'a' * 64}",)
    world = replace(world, settings=world.settings.model_copy(update={"former_images": former}))
    second = requested(world, job("job-2", submitter="cid", image=OTHER_IMAGE), world.trained(0.9))
    execute(world, second.tag("release_id"))
    world.deploy(second)
    world.endpoints.scores = [0.0, 0.0]
    if not kept:
        world = replace(world, settings=world.settings.model_copy(update={"former_images": ()}))
    settle(world)
    (name,) = world.change_sets.executed
    assert name.startswith("home-from-v2-" if kept else "halt-from-v2-")


def test_a_request_whose_image_was_taken_out_meanwhile_is_not_made_again() -> None:
    world = FakeWorld()
    version = requested(world)
    world.change_sets.waiting.clear()
    world.image.published = OTHER_IMAGE
    assert "version 1 refused: its image" in complete(world)
    assert known.current(world, version).state == "refused"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"model": "another"}, "expected one of card-anomaly"),
        ({"reason": ""}, "reason"),
        ({"template": "{}"}, "template"),
        ({"parameters": {"ReleaseId": "r-by-zoe-0"}}, "parameters"),
    ],
)
def test_nothing_of_a_change_set_can_be_given(changed: dict[str, object], why: str) -> None:
    world, first, _ = with_two_champions()
    assert why in asked(world, first, **changed)["refused"]
    assert not world.change_sets.executed


def test_while_the_stack_moves_the_emergency_stop_is_named() -> None:
    world, first, _ = with_two_champions()
    moving = Stack(status="UPDATE_IN_PROGRESS", change_set="r-by-cid-0")
    world.endpoints.stacks[MODEL] = replace(moving, release_id="r-by-cid-0")
    for release in (first, ""):
        assert "stop --now" in asked(world, release)["refused"]
    assert not world.change_sets.executed
