"""`python -m releases ask-again`: a model that was moved here is asked for by one person, approved by another."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.release import events, known, moved, reconciling, signing
from lambdas.release.documents import CARD
from lambdas.release.handlers.change_set_executed import change_set_executed
from lambdas.release.handlers.reconcile import answered
from lambdas.release.handlers.training_completed import training_completed
from lambdas.release.records import Execution, Stack, stack_of
from tests.fakes.artifacts import archive, canonical, files, manifest, metrics, pack, sha_of
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import APPROVER
from tests.unit.lambdas.stories import released, settle
from tests.unit.lambdas.test_adopting import FIRST, LATER, SECOND, named

SHA = sha_of()
NAME = f"moved.{FIRST}"


def new_place(*shas: str, holds: Mapping[str, bytes] | None = None) -> FakeWorld:
    """A platform without a record, to which sealed archives were copied; the settings name these manifests."""
    world = FakeWorld()
    world = replace(world, settings=world.settings.model_copy(update={"moved_manifests": shas or (SHA,)}))
    for sha, packed in ({SHA: archive()} if holds is None else holds).items():
        world.artifacts.released[MODEL, sha] = packed
    return world


def ask(world: FakeWorld, sha: str = SHA, request: str = FIRST, **more: object) -> Mapping[str, Any]:
    """What the platform answers who asks."""
    event = {"ask_again": MODEL, "manifest_sha256": sha, "reason": "we moved to the other region", **more}
    return answered(event, request, LATER, world)[0]


def looked(world: FakeWorld, minutes: int = 15) -> list[str]:
    """Let the reconciler run, and every function that it sends something; return what `training_completed` said."""
    at = LATER + timedelta(minutes=minutes)
    reconciling.reconcile(world, at)
    sent = [event for function, event in world.functions.delivered if function == "training_completed"]
    world.functions.delivered.clear()
    return [training_completed(events.parse(events.TrainingJobEnded, dict(event)), world) for event in sent]


def serves(world: FakeWorld, who: str = "carol") -> str:
    """Somebody executes the newest version's release, which comes up; return what `release_settled` says."""
    version, at = known.versions(world, MODEL)[0], LATER + timedelta(hours=1)
    name = version.tag("release_id")
    world.deploy(version)
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], changed=at)
    made = Execution(change_set=name, who=who, at=at, stack=stack_of(MODEL), role=APPROVER)
    change_set_executed(made, world)
    return settle(world, at=at + timedelta(minutes=1))


def asked(world: FakeWorld, who: str = "bob", role: str = "Approver", sha: str = SHA, request: str = FIRST) -> str:
    """Somebody asks, the trail tells who, and the reconciler has it looked at; return what came of it."""
    ask(world, sha, request)
    named(world, request, who, role)
    return looked(world)[0]


def test_a_moved_model_is_asked_for_by_one_person_and_serves_when_another_approves() -> None:
    world = new_place()
    assert ask(world) == {"asks": NAME, "request": FIRST}
    named(world, FIRST, "bob")
    assert looked(world) == ["version 1 requested"]
    version = known.versions(world, MODEL)[0]
    assert version.tag("release_id").startswith("r-by-bob-")
    assert (version.tag("submitter"), version.tag("manifest_sha256"), version.job) == ("bob", SHA, NAME)
    assert signing.problem(world, MODEL, SHA) is None
    serves(world)
    champion = known.champion(world, MODEL)
    assert champion
    assert (champion.number, champion.tag("approver")) == ("1", "carol")
    assert looked(world, 60) == []


def test_who_asked_does_not_approve() -> None:
    world = new_place()
    asked(world)
    assert "executed by its own submitter" in serves(world, "bob")
    assert known.champion(world, MODEL) is None


@pytest.mark.parametrize(
    ("who", "role", "why"),
    [
        ("olga", "Operator", "expected a session of"),
        ("ann", "Trainer", "expected a session of"),
        ("Bob", "Approver", "expected lower-case"),
        ("bob", "", "expected a session of"),
    ],
)
def test_nobody_but_an_approver_asks(who: str, role: str, why: str) -> None:
    world = new_place()
    assert asked(world, who, role) == "refused before registration"
    assert why in world.notifier.messages[-1][1]
    assert looked(world, 60) == []
    assert not known.versions(world, MODEL)
    assert not world.artifacts.papers


def test_an_archive_that_the_settings_do_not_name_is_not_asked_for() -> None:
    other = sha_of(metrics_json=metrics(0.9))
    world = new_place(other)
    assert "isn't among `release.moved`" in ask(world)["refused"]
    assert not world.audit.entries
    named_once = replace(world, settings=world.settings.model_copy(update={"moved_manifests": (SHA,)}))
    ask(named_once)
    named(world, FIRST, "bob")
    assert looked(world) == ["refused before registration"]  # taken out of the settings meanwhile
    assert "isn't among `release.moved`" in world.notifier.messages[-1][1]


def test_nothing_else_can_be_asked() -> None:
    world = new_place()
    assert "expected one of" in ask(world, ask_again="another")["refused"]
    assert "manifest_sha256" in ask(world, sha="a/../b")["refused"]
    assert "version" in ask(world, version="7")["refused"]
    assert "reason" in ask(world, reason="")["refused"]
    with pytest.raises(events.EventError, match="Nobody asked for moved"):
        moved.describe(world, "moved.x")


def test_a_caller_whom_the_trail_does_not_tell_yet_is_waited_for_a_day() -> None:
    world = new_place()
    ask(world)
    assert looked(world) == ["waits for the trail: nobody knows yet who asked for " + NAME]
    assert [entry for entry in world.audit.whats if entry != "redelivered"] == ["moved_asked"]
    named(world, FIRST, "bob", again=True)  # a redelivery names nobody
    assert looked(world, 30)[0].startswith("waits for the trail")
    assert looked(world, 24 * 60) == ["refused before registration"]
    assert "CloudTrail names nobody" in world.notifier.messages[-1][1]


def of_another_model() -> bytes:
    content = files()
    return pack(content | {"manifest.json": manifest(content, model="other-model")})


SWAPPED = archive(model_ubj=b"{evil")


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (None, "copy the sealed archive there|There is no archive"),
        (b"no archive", "can't be read"),
        (SWAPPED, "holds "),
        (archive(features_json=canonical({"view": "batch"})), "holds "),
    ],
)
def test_what_is_not_the_archive_of_that_hash_is_refused_with_its_reason(packed: bytes | None, why: str) -> None:
    world = new_place(holds={SHA: packed} if packed else {})
    assert asked(world) == "refused before registration"
    assert any(each in world.notifier.messages[-1][1] for each in why.split("|"))
    assert not world.artifacts.papers


def test_an_archive_of_another_model_or_that_no_endpoint_can_serve_is_refused() -> None:
    content = files()
    foreign = manifest(content, model="other-model")
    view = {"features_json": canonical({"view": "batch"})}
    for packed, sha, why in (
        (pack(content | {"manifest.json": foreign}), hashlib.sha256(foreign).hexdigest(), "manifest is for"),
        (archive(**view), sha_of(**view), "serves the view realtime alone"),
    ):
        world = new_place(sha, holds={sha: packed})
        assert asked(world, sha=sha) == "refused before registration"
        assert why in world.notifier.messages[-1][1]


def former_signature(world: FakeWorld) -> None:
    world.artifacts.keep(MODEL, SHA, signing.NAME, canonical({"key_arn": "arn:of:the:former:place"}))


def former_card(world: FakeWorld) -> None:
    world.artifacts.keep(MODEL, SHA, CARD, b"{}")


@pytest.mark.parametrize("leave", [former_signature, former_card])
def test_papers_of_the_former_platform_are_named_and_a_marker_over_them_is_enough(
    leave: Callable[[FakeWorld], None],
) -> None:
    world = new_place()
    leave(world)
    assert asked(world) == "refused before registration"
    assert "is another platform's: copy model.tar.gz alone" in world.notifier.messages[-1][1]
    world.artifacts.papers.clear()
    assert asked(world, request=SECOND) == "version 1 requested"


def test_the_gate_judges_a_moved_model_as_any_other() -> None:
    poor = {"metrics_json": metrics(0.1)}
    world = new_place(sha_of(**poor), holds={sha_of(**poor): archive(**poor)})
    assert asked(world, sha=sha_of(**poor)).startswith("version 1 refused: average_precision 0.1")


def test_models_come_in_the_order_in_which_they_were_champions_and_each_once() -> None:
    later = {"metrics_json": metrics(0.9, (SHA, 0.8))}
    world = new_place(SHA, sha_of(**later), holds={SHA: archive(), sha_of(**later): archive(**later)})
    asked(world)
    serves(world)
    assert asked(world, sha=sha_of(**later), request=SECOND) == "version 2 requested"
    assert asked(world, request="c5-3").startswith("version 3 refused: its files are those of version 1")


def test_a_moved_model_takes_no_champions_place_that_it_was_not_compared_with() -> None:
    world = new_place()
    released(world, job("job-1"), world.trained(0.9))
    assert asked(world).startswith("version 2 refused: it was compared with no champion")


def test_code_of_no_known_image_is_compared_with_no_others() -> None:
    content = files(metrics_json=metrics(0.9, (SHA, 0.8)))
    written = manifest(content, code_sha256="d" * 64)
    sha = hashlib.sha256(written).hexdigest()
    world = new_place(SHA, sha, holds={SHA: archive(), sha: pack(content | {"manifest.json": written})})
    asked(world)
    serves(world)
    assert asked(world, sha=sha, request=SECOND) == "version 2 requested"


def test_a_request_for_a_moved_model_that_lost_its_change_set_is_made_again() -> None:
    world = new_place()
    asked(world)
    world.change_sets.waiting.clear()
    assert looked(world, 60) == [f"{known.versions(world, MODEL)[0].tag('release_id')} requested again"]


def test_what_was_asked_for_in_another_account_is_no_input() -> None:
    world = new_place()
    asked(world)
    elsewhere = replace(world, audit=type(world.audit)(world.audit.store))
    elsewhere.audit._home = "111122223333/us-gov-east-1"
    for key, body in list(world.audit.store.objects.items()):
        if key.startswith("audit/"):
            world.audit.store.objects[key] = body.replace(b'"home": ""', b'"home": "999988887777/us-gov-west-1"')
    assert looked(elsewhere, 60) == []
    with pytest.raises(events.EventError, match="of this account and region"):
        moved.describe(elsewhere, NAME)


def test_the_approvers_line_says_that_an_archive_was_moved() -> None:
    world = new_place()
    asked(world)
    told = next(text for subject, text in world.notifier.messages if subject.startswith("Approval wanted"))
    assert "by bob, from a sealed archive that was moved here; card" in told
    entry = next(entry for entry in world.audit.entries.values() if entry.what == "requested")
    assert "job_started" not in entry.details
    assert entry.at > NOON


def test_a_moved_model_whose_hash_left_the_settings_before_its_request_is_refused_once() -> None:
    world = new_place()
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_IN_PROGRESS", changed=LATER)
    assert asked(world) == "version 1 waits for the stack, which moves"
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", changed=LATER)
    world = replace(world, settings=world.settings.model_copy(update={"moved_manifests": ()}))
    (refusal,) = looked(world, 60)
    assert refusal.startswith("version 1 refused: the manifest")
    assert world.states == ["refused"]
    assert looked(world, 24 * 60 + 120) == []


def test_an_ask_that_leaves_no_trace_keeps_no_request_waiting() -> None:
    world = new_place()
    asked(world)
    ask(world, request=SECOND)
    world.change_sets.waiting.clear()
    reconciling.reconcile(world, LATER + timedelta(hours=2))
    subjects = {event["detail"]["TrainingJobName"] for _, event in world.functions.delivered}
    assert subjects == {NAME, f"moved.{SECOND}"}


def test_a_flood_of_asks_is_looked_at_from_its_newest_on() -> None:
    world = new_place()
    for each in range(moved.MOST_ASKS + 2):
        event = {"ask_again": MODEL, "manifest_sha256": SHA, "reason": "a flood"}
        answered(event, f"f-{99 - each}", LATER + timedelta(seconds=each), world)
    reconciling.reconcile(world, LATER + timedelta(minutes=5))
    sent = [event["detail"]["TrainingJobName"] for _, event in world.functions.delivered]
    assert len(sent) == moved.MOST_ASKS
    assert not {"moved.f-99", "moved.f-98"} & {*sent}
