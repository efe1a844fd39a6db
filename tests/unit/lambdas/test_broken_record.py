"""A record that is unreadable, broken, or empty beside what serves: nothing moves by machine, and people can stop."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.release import known, reconciling
from lambdas.release.record import RecordError
from lambdas.release.records import Release, Stack, Version
from tests.fakes.audit import FakeAudit
from tests.fakes.release import MODEL, NOON, FakeTemplates, FakeWorld, job
from tests.unit.lambdas.stories import complete, released, requested, settle
from tests.unit.lambdas.test_asking import asked

Break = Callable[[FakeWorld], None]


def emptied(world: FakeWorld) -> None:
    world.audit.store.objects.clear()


def moved(world: FakeWorld) -> None:
    """The bucket was copied from another account: every entry says that it is of there."""
    for key, body in world.audit.store.objects.items():
        world.audit.store.objects[key] = body.replace(b'"home": ""', b'"home": "210987654321/us-gov-east-1"')


def unreadable(world: FakeWorld) -> None:
    world.audit.store.objects[next(key for key in world.audit.store.objects if "-released-" in key)] = b"{"


BREAKS = (emptied, moved, unreadable)


def broken(how: Break, world: FakeWorld) -> FakeWorld:
    """A function that starts anew over a record that is broken."""
    how(world)
    world.notifier.messages.clear()
    return replace(world, audit=FakeAudit(world.audit.store))


def serving() -> FakeWorld:
    """A champion that serves, and a request that waits."""
    world = FakeWorld()
    world.deploy(released(world))
    requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    return world


def untouched(world: FakeWorld) -> object:
    """All that serves, waits or is shown."""
    return (
        dict(world.endpoints.running),
        dict(world.endpoints.stacks),
        list(world.change_sets.executed),
        world.change_sets.offered(MODEL),
        dict(world.registry.known),
        dict(world.registry.champions),
    )


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_what_serves_stays_and_people_are_told_once_a_day(how: Break, status: str) -> None:
    world = serving()
    stack = world.endpoints.stacks[MODEL]
    world.endpoints.stacks[MODEL] = replace(stack, status=status, changed=NOON)
    before = untouched(world)
    world = broken(how, world)
    for hours in (0, 1, 23, 25):
        assert settle(world, status, at=NOON + timedelta(hours=hours)).startswith("nothing is done: The ")
    assert untouched(world) == before
    assert [subject for subject, _ in world.notifier.messages] == [f"ALARM: the record of {MODEL} can't decide"] * 2


@pytest.mark.parametrize("how", BREAKS)
def test_neither_forward_nor_back_is_taken_and_a_stop_works(how: Break) -> None:
    world = serving()
    champion: Version | None = known.champion(world, MODEL)
    assert champion
    world.jobs.jobs["job-3"] = job("job-3", submitter="dan")
    world = broken(how, world)
    with pytest.raises(RecordError, match="verify-audit"):
        complete(world, "job-3")
    assert "verify-audit" in asked(world, champion.tag("release_id"))["refused"]
    assert not world.change_sets.executed
    name = asked(world, "")["change_set"]
    assert world.change_sets.brought[name] == (Release(), None)
    assert world.change_sets.executed == [name]


@pytest.mark.parametrize("how", BREAKS)
def test_the_reconciler_tells_and_repairs_nothing_by_a_record_that_cannot_decide(how: Break) -> None:
    world = serving()
    before = untouched(world)
    world = broken(how, world)
    done = reconciling.reconcile(world, NOON + timedelta(days=1))
    assert untouched(world) == before
    assert done[-1].startswith(f"release_settled Atoll-Endpoint-{MODEL}: The ")
    assert any("verify-audit" in text for _, text in world.notifier.messages)


def test_a_stop_needs_no_deployed_template_and_a_way_back_does() -> None:
    world = serving()
    champion = known.champion(world, MODEL)
    assert champion

    class Gone(FakeTemplates):
        def recorded(self, model: str) -> str | None:
            raise RecordError(f"The template of {model} that was deployed last is gone.")

    world = replace(world, templates=Gone())
    world.endpoints.stacks[MODEL] = replace(world.endpoints.stacks[MODEL], release_id="r-by-cid-0123456789ab")
    assert "is gone" in asked(world, champion.tag("release_id"))["refused"]
    assert asked(world, "")["change_set"].startswith("halt-by-hand-")


def test_a_record_is_empty_before_the_first_release_and_that_is_no_trouble() -> None:
    world = FakeWorld()
    world.endpoints.stacks[MODEL] = Stack(status="CREATE_COMPLETE", change_set="cdk-deploy-change-set")
    assert settle(world) == "no version of ours serves"
    assert "released" in released(world).state


def test_a_link_that_was_changed_stops_one_model_and_not_the_reconciler() -> None:
    world = serving()
    world = replace(world, audit=FakeAudit(world.audit.store, every=1))
    link = next(key for key in sorted(world.audit.store.objects) if key.startswith(f"chain/{MODEL}/"))
    world.audit.store.objects[link] = world.audit.store.objects[link].replace(b'"number":1', b'"number":2')
    world.notifier.messages.clear()
    reconciling.reconcile(world, NOON)
    assert any("is not what it was" in text for _, text in world.notifier.messages)
