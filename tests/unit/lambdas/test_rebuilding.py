"""`python -m releases rebuild-registry`: MLflow is written anew from the record, whatever was done to it."""

from datetime import timedelta

import pytest

from lambdas.release import events, mirror
from lambdas.release.handlers.reconcile import answered, rebuild
from lambdas.release.ports import RegistryError
from tests.fakes.release import MODEL, NOON, FakeRegistry, FakeWorld, job
from tests.unit.lambdas.stories import released, requested

REQUEST = "c5a3f0d2-0000-4000-8000-000000000002"
ASKED = {"rebuild": MODEL, "reason": "somebody had the administrator's password"}


def forged() -> FakeWorld:
    """A champion and a request on record; in MLflow every tag is forged and the request is the champion."""
    world = FakeWorld()
    world.deploy(released(world))
    requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    for version in world.registry.versions(MODEL):
        world.registry.tag(version, {"state": "released", "approver": "mallory", "planted": "yes"})
    world.registry.champions[MODEL] = "2"
    return world


def test_mlflow_is_written_anew_and_what_stood_there_is_put_aside() -> None:
    world = forged()
    serving, told = dict(world.endpoints.running), len(world.notifier.messages)
    assert rebuild(ASKED, REQUEST, NOON, world) == {"versions": ["2", "1"]}
    assert list(mirror.differences(world, MODEL)) == []
    assert world.states == ["released", "requested"]
    assert world.registry.champions[MODEL] == "1"
    aside = [version for (of, _), version in world.registry.known.items() if of == f"{MODEL}-aside"]
    assert {version.tag("approver") for version in aside} == {"mallory"}
    assert world.endpoints.running == serving
    (entry,) = [each for each in world.audit.entries.values() if each.what == "registry_rebuilt"]
    assert (entry.subject, entry.details["reason"]) == (REQUEST, ASKED["reason"])
    assert len(world.notifier.messages) == told + 1


@pytest.mark.parametrize(
    "event", [ASKED | {"rebuild": "another"}, ASKED | {"reason": ""}, ASKED | {"versions": ["3"]}, {"rebuild": MODEL}]
)
def test_nothing_else_can_be_asked(event: dict[str, object]) -> None:
    world = forged()
    before = dict(world.registry.known)
    assert rebuild(event, REQUEST, NOON, world)["refused"]
    assert world.registry.known == before


def test_what_mlflow_does_not_take_is_said() -> None:
    class Full(FakeRegistry):
        def register(self, model: str, run_id: str, tags: object) -> object:  # ty: ignore[incompatible-method-override]
            raise RegistryError(f"{model} {run_id} {tags}: no space")

    world = forged()
    world.registry.__class__ = Full
    assert rebuild(ASKED, REQUEST, NOON, world)["refused"].startswith("MLflow did not take all of it: version ")
    assert not [each for each in world.audit.entries.values() if each.what == "registry_rebuilt"]


def scheduled(minute: int) -> dict[str, str]:
    time = (NOON + timedelta(minutes=minute)).isoformat()
    return {"source": "aws.events", "detail-type": "Scheduled Event", "time": time}


@pytest.mark.parametrize("event", [ASKED, scheduled(0)])
def test_every_run_tells_its_log_where_the_chains_end(event: dict[str, str]) -> None:
    world = forged()
    _, heads = answered(event, REQUEST, NOON, world)
    assert heads == world.audit.heads()
    assert heads[MODEL].partition(":")[0].isdecimal()


def test_whoever_may_ask_for_a_rebuild_lets_no_request_expire_by_a_time_to_come() -> None:
    world = forged()
    before = world.audit.whats
    with pytest.raises(events.EventError, match="expected none after"):
        answered(scheduled(60 * 24 * 365), REQUEST, NOON, world)
    assert world.audit.whats == before
    assert "outcome" in answered(scheduled(4), REQUEST, NOON, world)[0]
