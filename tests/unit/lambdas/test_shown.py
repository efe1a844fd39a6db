"""MLflow's copy of the record, where two functions write it at once: the record's last word stands there at the end."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from lambdas.release import known, mirror, reports
from lambdas.release.ports import RegistryError
from lambdas.release.records import Execution, Version
from tests.fakes.release import MODEL, NOON, FakeRegistry, FakeWorld
from tests.unit.lambdas.stories import released, requested

LATER = NOON + timedelta(minutes=1)


class Slow(FakeRegistry):
    """What it is told arrives after `meanwhile`, which happens once."""

    meanwhile: Callable[[], object] | None = None

    def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
        self.happens()
        return super().tag(version, tags)

    def crown(self, version: Version) -> None:
        self.happens()
        super().crown(version)

    def happens(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()


def slowly(world: FakeWorld, meanwhile: Callable[[], object]) -> FakeWorld:
    world.registry.__class__ = Slow
    world.registry.meanwhile = meanwhile  # ty: ignore[missing-attribute]
    return world


def test_an_older_state_that_arrives_late_does_not_stay() -> None:
    world = FakeWorld()
    requested(world)
    (version,) = known.versions(world, MODEL)
    execution = Execution(change_set=version.tag("release_id"), who="alice", at=NOON)
    reports.executed(world, version, execution, violation="executed by its own submitter")

    def rolled_back() -> None:
        reports.rolled_back(world, version, "executed by its own submitter", LATER)
        known.show(world, version)

    slowly(world, rolled_back)
    assert known.show(world, version).state == "rolled_back"
    assert world.registry.versions(MODEL)[0].state == "rolled_back"
    assert list(mirror.differences(world, MODEL)) == []


def test_an_older_champion_that_is_named_late_does_not_stay() -> None:
    world = FakeWorld()
    released(world)
    (version,) = known.versions(world, MODEL)

    def stopped() -> None:
        reports.superseded(world, version, "a stop", LATER)
        known.show_champion(world, MODEL)

    slowly(world, stopped)
    known.show_champion(world, MODEL)
    assert world.registry.champions == {}


def test_what_mlflow_does_not_take_is_in_the_reconcilers_answer() -> None:
    class Full(FakeRegistry):
        def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
            raise RegistryError(f"{version.number} {tags}: no space")

    world = FakeWorld()
    released(world)
    world.registry.tag(world.registry.versions(MODEL)[0], {"approver": "mallory"})
    world.registry.__class__ = Full
    told = "version 1: atoll.approver is 'mallory', the record says 'bob'"
    assert mirror.tend(world, MODEL, LATER) == [told, f"still, for MLflow did not take it: {told}"]
