"""`python -m releases adopt`: a record that can't decide goes on when two people agree on what serves, not sooner."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdas.release import adopting, events, guarding, known, reconciling
from lambdas.release.handlers.function_invoked import function_invoked
from lambdas.release.handlers.reconcile import answered
from lambdas.release.handlers.training_completed import training_completed
from tests.fakes.artifacts import archive, metrics
from tests.fakes.audit import FakeAudit
from tests.fakes.change_sets import creation
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import identity
from tests.unit.lambdas.stories import complete, execute, job_event, settle
from tests.unit.lambdas.test_asking import asked as way_back
from tests.unit.lambdas.test_broken_record import BREAKS, Break, broken, serving, untouched

LATER = NOON + timedelta(hours=1)
FIRST, SECOND = "c5a3f0d2-0000-4000-8000-000000000011", "c5a3f0d2-0000-4000-8000-000000000012"


def adopt(world: FakeWorld, request: str = FIRST, at: datetime = LATER, **more: object) -> Mapping[str, Any]:
    """What the platform answers who asks or confirms."""
    event = {"adopt": MODEL, "reason": "the bucket's policy was changed; we looked at what serves", **more}
    return answered(event, request, at, world)[0]


def named(world: FakeWorld, request: str, who: str, role: str = "Approver", *, again: bool = False) -> None:
    """The trail tells who called, or an envelope of our own bus does."""
    call = {
        "eventName": "Invoke",
        "requestID": request,
        "requestParameters": {"functionName": "arn:x:lambda:r:1:function:Atoll-Release-Reconcile-1"},
        "userIdentity": identity(who, role),
    }
    event = {"detail-type": "AWS API Call via CloudTrail", "time": LATER.isoformat(), "detail": call}
    event = events.sent_again("function_invoked", event) if again else event
    function_invoked(events.parse(events.FunctionInvoked, event), world)


def confirmed(world: FakeWorld, asker: str = "bob", confirmer: str = "carol", role: str = "Approver") -> FakeWorld:
    """Two calls, and the trail's word on both."""
    adopt(world)
    named(world, FIRST, asker)
    adopt(world, SECOND, LATER + timedelta(minutes=1), confirms=FIRST)
    named(world, SECOND, confirmer, role)
    return world


def agreed(world: FakeWorld, asker: str = "bob", confirmer: str = "carol", role: str = "Approver") -> str:
    """Two calls, and the trail's word on both; return what `release_settled` then does."""
    return settle(confirmed(world, asker, confirmer, role), at=LATER + timedelta(minutes=20))


@pytest.mark.parametrize("how", BREAKS)
def test_two_people_have_the_record_go_on_with_what_serves(how: Break) -> None:
    world = serving()
    champion = known.champion(world, MODEL)
    assert champion
    running = dict(world.endpoints.running)
    world = broken(how, world)
    assert agreed(world) == f"adopted {champion.tag('release_id')}"
    world = replace(world, audit=FakeAudit(world.audit.store))
    now = known.champion(world, MODEL)
    assert now
    assert (now.number, now.tag("manifest_sha256")) == (champion.number, champion.tag("manifest_sha256"))
    assert (now.tag("approver"), now.state) == ("carol", "released")
    assert settle(world, at=LATER + timedelta(hours=1)) == "version 1 is released already"
    seen = guarding.look(world, MODEL)
    assert seen
    assert guarding.intrusion(world, seen) is None
    assert world.endpoints.running == running
    assert not world.change_sets.executed
    better = archive(metrics_json=metrics(0.95, (now.tag("manifest_sha256"), 0.8)))
    world.finish(job("job-3", submitter="dan", started=LATER, ended=LATER + timedelta(hours=1)), better)
    ended = job_event("job-3") | {"time": (LATER + timedelta(hours=2)).isoformat()}
    assert training_completed(events.parse(events.TrainingJobEnded, ended), world) == "version 3 requested"
    assert [version.state for version in known.versions(world, MODEL)] == ["requested", "released"]


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize(
    ("asker", "confirmer", "role", "why"),
    [
        ("bob", "bob", "Approver", "another person must confirm"),
        ("bob", "Bob", "Approver", "expected lower-case"),
        ("Bob", "bob", "Approver", "expected lower-case"),
        ("bob", "bob@agency.gov", "Approver", "expected lower-case"),
        ("bob", "carol", "Operator", "expected a session of"),
        ("bob", "carol", "", "expected a session of"),
        ("carol", "ann", "Approver", "ann submitted what serves"),
    ],
)
def test_nobody_adopts_alone_or_without_the_role(how: Break, asker: str, confirmer: str, role: str, why: str) -> None:
    world = serving()
    before = untouched(world)
    world = broken(how, world)
    assert why in agreed(world, asker, confirmer, role)
    assert settle(world, at=LATER + timedelta(minutes=30)).startswith("nothing is done: The ")
    assert untouched(world) == before
    assert [why in text for subject, text in world.notifier.messages if subject.startswith("ALARM: nothing")] == [True]
    assert "adopted" not in [key.split("-")[-2] for key in world.audit.store.objects if key.startswith("audit/")]


def test_whoever_asks_must_be_an_approver_too() -> None:
    world = broken(BREAKS[2], serving())
    adopt(world)
    named(world, FIRST, "olga", "Operator")
    adopt(world, SECOND, confirms=FIRST)
    named(world, SECOND, "carol")
    assert "not adopted: asked by" in settle(world, at=LATER)


def test_a_call_that_is_sent_again_names_nobody() -> None:
    world = broken(BREAKS[2], serving())
    adopt(world)
    named(world, FIRST, "bob")
    adopt(world, SECOND, confirms=FIRST)
    named(world, SECOND, "carol", again=True)
    assert settle(world, at=LATER).startswith("nothing is done")


def test_one_call_the_trail_has_not_named_or_an_old_one_adopts_nothing() -> None:
    world = broken(BREAKS[2], serving())
    adopt(world)
    named(world, FIRST, "bob")
    assert settle(world, at=LATER).startswith("nothing is done")
    adopt(world, SECOND, confirms=FIRST)
    assert settle(world, at=LATER).startswith("nothing is done")
    named(world, SECOND, "carol")
    assert settle(world, at=LATER + adopting.COUNTS_FOR).startswith("nothing is done")
    assert settle(world, at=LATER).startswith("adopted r-by-ann-")


def test_what_was_asked_for_a_day_ago_is_confirmed_no_more() -> None:
    world = broken(BREAKS[2], serving())
    adopt(world)
    assert "Ask anew" in adopt(world, SECOND, LATER + adopting.COUNTS_FOR, confirms=FIRST)["refused"]
    assert "refused" not in adopt(world, SECOND, LATER + adopting.COUNTS_FOR - timedelta(minutes=1), confirms=FIRST)


def test_what_serves_must_be_what_both_saw() -> None:
    world = broken(BREAKS[2], serving())
    adopt(world)
    named(world, FIRST, "bob")
    adopt(world, SECOND, confirms=FIRST)
    named(world, SECOND, "carol")
    assert "Nobody asked" in adopt(world, "c5-3", confirms=SECOND)["refused"]
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], version="7")
    assert "not adopted" in settle(world, at=LATER)


def other_container(world: FakeWorld) -> None:
    running = world.endpoints.running[MODEL]
    (one,) = running.containers
    environment = {**one.environment, "PYTHONPATH": "/opt/ml/model"}
    world.endpoints.running[MODEL] = replace(running, containers=(replace(one, environment=environment),))


def unsigned(world: FakeWorld) -> None:
    world.artifacts.papers.clear()


def of_another_stack(world: FakeWorld) -> None:
    world.endpoints.running[MODEL] = replace(world.endpoints.running[MODEL], owned=False)


def moving(world: FakeWorld) -> None:
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], status="UPDATE_IN_PROGRESS")


def of_an_image_taken_out(world: FakeWorld) -> None:
    world.image.published = f"{world.image.published.partition('@')[0]}@sha256:{'b' * 64}"


def gone(world: FakeWorld) -> None:
    del world.endpoints.running[MODEL]


@pytest.mark.parametrize("spoil", [other_container, unsigned, of_another_stack, of_an_image_taken_out, moving, gone])
def test_what_nobody_signed_or_the_stack_does_not_give_is_not_adopted(spoil: Callable[[FakeWorld], None]) -> None:
    world = broken(BREAKS[2], serving())
    spoil(world)
    assert "can't be adopted" in adopt(world)["refused"]
    assert not [key for key in world.audit.store.objects if "adoption" in key]


def test_a_record_that_decides_is_not_adopted_and_nothing_else_can_be_asked() -> None:
    world = serving()
    assert "nothing to adopt" in adopt(world)["refused"]
    assert "expected one of" in adopt(world, adopt="another")["refused"]
    assert "version" in adopt(world, version="7")["refused"]


def test_nothing_that_serves_is_adopted_as_that() -> None:
    world = serving()
    world.endpoints.running.clear()
    stack = world.endpoints.stacks[MODEL]
    world.endpoints.stacks[MODEL] = replace(stack, release_id="", change_set="halt-by-hand-0123456789abcdef")
    world = broken(BREAKS[2], world)
    assert agreed(world) == "adopted that nothing serves"
    assert known.of(world, MODEL).versions == ()
    assert settle(world, at=LATER + timedelta(hours=1)) == "no version of ours serves"


def test_nothing_from_before_an_adoption_counts() -> None:
    world = serving()
    waiting, champion = known.versions(world, MODEL)
    world = broken(BREAKS[2], world)
    agreed(world)
    assert [version.number for version in known.versions(world, MODEL)] == [champion.number]
    assert execute(world, waiting.tag("release_id"), "carol") == "no release"
    assert "knows no champion" in way_back(world, waiting.tag("release_id"))["refused"]
    assert complete(world, "job-2") == "refused before registration"
    assert complete(world, "job-1") == "refused before registration"
    assert list(reconciling.lost_jobs(world, LATER + timedelta(hours=1))) == []
    assert [version.number for version in known.versions(world, MODEL)] == [champion.number]


def test_a_checkpoint_begins_behind_an_adoption_and_the_entries_before_it_are_missed_no_more() -> None:
    world = serving()
    world = replace(world, audit=FakeAudit(world.audit.store, every=1))
    assert world.audit.checkpoint(MODEL)
    for key in [key for key in world.audit.store.objects if "-released-" in key or key.endswith("00000002.json")]:
        del world.audit.store.objects[key]
    world = replace(world, audit=FakeAudit(world.audit.store, every=1))
    assert "is gone" in str(adopting.why_broken(world, MODEL))
    agreed(world)
    assert adopting.why_broken(world, MODEL) is None
    assert (world.audit.checkpoint(MODEL) or "").startswith("verified ")
    world = replace(world, audit=FakeAudit(world.audit.store))
    assert known.champion(world, MODEL)


def test_an_agreement_is_carried_out_once_whatever_becomes_of_the_record() -> None:
    world = broken(BREAKS[2], serving())
    agreed(world)
    key = next(key for key in world.audit.store.objects if "-adopted-" in key)
    world.audit.store.objects["audit/outcomes/" + key.split("/", 2)[2].replace("T13", "T23")] = b"{"
    world = replace(world, audit=FakeAudit(world.audit.store))
    assert settle(world, at=LATER + timedelta(hours=12)).startswith("nothing is done")


def test_a_whole_agreement_is_sent_to_who_carries_it_out_however_often_the_day_had_it() -> None:
    world = broken(BREAKS[2], serving())
    for minutes in range(0, 150, 15):
        reconciling.reconcile(world, LATER + timedelta(minutes=minutes))
    gave_up = len(world.functions.delivered)
    adopt(world)
    named(world, FIRST, "bob")
    adopt(world, SECOND, confirms=FIRST)
    named(world, SECOND, "carol")
    reconciling.reconcile(world, LATER + timedelta(minutes=165))
    assert len(world.functions.delivered) == gave_up + 1
    assert world.functions.delivered[-1][0] == "release_settled"


def test_an_execution_from_before_an_adoption_is_nothing_that_was_lost() -> None:
    world = confirmed(broken(BREAKS[0], serving()))
    settle(world, at=LATER + timedelta(minutes=2))
    version = known.versions(world, MODEL)[0]
    executed = creation(version.tag("release_id")) | {"eventName": "ExecuteChangeSet", "userIdentity": identity("bob")}
    world.trail.made.append(executed)
    assert list(reconciling.lost_calls(world, MODEL, LATER + timedelta(hours=1))) == []
