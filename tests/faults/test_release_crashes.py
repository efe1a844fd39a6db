"""A function may die before or after any call it makes, and events come twice and out of order.

Whatever happens, a retry ends with one run, one version, one change set and at most one champion.
"""

import itertools
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.release import known, mirror
from lambdas.release.records import BACKWARD
from tests.fakes.artifacts import archive, metrics
from tests.fakes.change_sets import stem_of
from tests.fakes.release import MODEL, NOON, REVIEWED, FakeWorld, job
from tests.unit.lambdas.stories import complete, execute, released, requested, settle
from tests.unit.lambdas.test_adopting import LATER, confirmed
from tests.unit.lambdas.test_broken_record import broken, emptied, serving
from tests.unit.lambdas.test_deployments import told
from tests.unit.lambdas.test_guarding import DEPLOYED


class Crash(BaseException):
    """The function's process ended here; no handler of ours may catch it."""


class Counter:
    """Ends the process at one moment: before or after the n-th call of any port."""

    def __init__(self, moment: int) -> None:
        self._left = moment

    def tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crash


class Mortal:
    """A port whose every call may be the last."""

    def __init__(self, port: object, counter: Counter) -> None:
        self._port, self._counter = port, counter

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        method = getattr(self._port, name)

        def call(*args: object, **named: object) -> object:
            self._counter.tick()
            answer = method(*args, **named)
            self._counter.tick()
            return answer

        return call


def mortal(world: FakeWorld, moment: int) -> FakeWorld:
    """The same world, in which the process ends at a moment."""
    counter = Counter(moment)
    parts: dict[str, Any] = {f.name: getattr(world, f.name) for f in fields(world)}
    mortals: dict[str, Any] = {n: p if n == "settings" else Mortal(p, counter) for n, p in parts.items()}
    return FakeWorld(**mortals)


def crashes(step: Any, world: FakeWorld, moment: int) -> bool:  # noqa: ANN401 - one of the stories' steps
    try:
        step(mortal(world, moment))
    except Crash:
        return True
    return False


def every_crash(prepare: Any, step: Any, hold: Any) -> int:  # noqa: ANN401 - plain functions
    """Crash `step` at each of its moments in a fresh world, retry it, and check the end; return the moments."""
    for moment in itertools.count(1):
        world = prepare()
        crashed = crashes(step, world, moment)
        if crashed:
            step(world)
        mirror.tend(world, MODEL, NOON)  # MLflow's copy follows when the reconciler comes
        hold(world)
        if not crashed:
            return moment - 1
    raise AssertionError


def finished(packed: bytes | None = None) -> FakeWorld:
    world = FakeWorld()
    world.finish(job(), packed)
    return world


def up(*, champion: bool = True, scores: list[float] | None = None, status: str = "UPDATE_COMPLETE") -> FakeWorld:
    """A world in which v2 (or v1, without a champion) was executed and has settled."""
    world = FakeWorld()
    if champion:
        released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    world.deploy(version, status)
    world.endpoints.scores = scores
    return world


def test_a_request_survives_a_crash_at_any_moment() -> None:
    def hold(world: FakeWorld) -> None:
        assert len(world.registry.runs) == 1
        assert world.states == ["requested"]
        assert len(world.change_sets.waiting) == 1
        assert world.audit.whats == ["registered", "asked", "requested"]
        assert world.notifier.messages

    assert every_crash(finished, complete, hold) >= 30


def test_a_refusal_by_the_gate_survives_a_crash_at_any_moment() -> None:
    def hold(world: FakeWorld) -> None:
        assert world.states == ["refused"]
        assert world.audit.whats == ["registered", "refused"]
        assert world.notifier.messages
        assert not world.change_sets.waiting

    bad = archive(metrics_json=metrics(0.1))
    assert every_crash(lambda: finished(bad), complete, hold) >= 20


def test_a_refusal_before_registration_survives_a_crash_at_any_moment() -> None:
    def hold(world: FakeWorld) -> None:
        assert not world.registry.runs
        assert world.audit.whats == ["refused_before_registration"]
        assert world.notifier.messages

    assert every_crash(lambda: finished(b"no archive"), complete, hold) >= 8


@pytest.mark.parametrize("champion", [True, False])
def test_a_coronation_survives_a_crash_at_any_moment(champion: bool) -> None:  # noqa: FBT001 - a pytest parameter
    def hold(world: FakeWorld) -> None:
        assert world.states == (["superseded", "released"] if champion else ["released"])
        assert world.registry.champions == {MODEL: world.registry.versions(MODEL)[0].number}
        assert world.audit.whats.count("released") == 1 + champion

    assert every_crash(lambda: up(champion=champion, scores=[0.25, 0.75]), settle, hold) >= 16


def test_a_rollback_survives_a_crash_at_any_moment() -> None:
    def hold(world: FakeWorld) -> None:
        assert world.states == ["released", "rolled_back"]
        assert world.registry.champions == {MODEL: "1"}
        assert world.audit.whats.count("rolled_back") == 1

    assert every_crash(lambda: up(status="UPDATE_ROLLBACK_COMPLETE"), settle, hold) >= 10


def test_a_way_back_survives_a_crash_at_any_moment() -> None:
    def hold(world: FakeWorld) -> None:
        assert world.states == ["released", "rolled_back"]
        assert world.registry.champions == {MODEL: "1"}
        (stem,) = {stem_of(name) for name in world.change_sets.executed}
        assert stem.startswith("home-from-v2-")
        assert not [name for name in world.change_sets.offered(MODEL) if name.startswith(BACKWARD)]

    assert every_crash(lambda: up(scores=[0.0, 0.0]), settle, hold) >= 20


def test_driving_out_an_intrusion_survives_a_crash_at_any_moment() -> None:
    def prepare() -> FakeWorld:
        world = up(scores=[0.25, 0.75])
        world.endpoints.templates[MODEL] = "another template"
        return world

    def hold(world: FakeWorld) -> None:
        assert world.states == ["released", "rolled_back"]
        assert world.registry.champions == {MODEL: "1"}
        assert {"intrusion", "rolled_back"} <= set(world.audit.whats)
        assert len({stem_of(name) for name in world.change_sets.executed}) == 1
        release, template = world.change_sets.brought[world.change_sets.executed[0]]
        assert (release.version, template) == ("1", REVIEWED)

    assert every_crash(prepare, settle, hold) >= 20


def test_recording_a_deployments_template_survives_a_crash_at_any_moment() -> None:
    def prepare() -> FakeWorld:
        world = FakeWorld()
        world.endpoints.stacks[MODEL] = DEPLOYED
        world.endpoints.templates[MODEL] = "new"
        told(world)
        return world

    def hold(world: FakeWorld) -> None:
        assert world.templates.deployed == {MODEL: "new"}
        assert world.audit.whats == ["deployment_seen", "deployed"]
        assert not world.change_sets.executed

    assert every_crash(prepare, settle, hold) >= 10


def test_an_adoption_survives_a_crash_at_any_moment() -> None:
    def hold(world: FakeWorld) -> None:
        assert settle(world, at=LATER) == "version 1 is released already"
        assert (world.audit.whats.count("adopted"), world.audit.whats.count("deployed")) == (1, 1)
        assert [version.state for version in known.versions(world, MODEL)] == ["released"]
        assert [subject for subject, _ in world.notifier.messages if " goes on with r-by-ann-" in subject]
        assert not world.change_sets.executed

    def step(world: FakeWorld) -> None:
        settle(world, at=LATER)

    assert every_crash(lambda: confirmed(broken(emptied, serving())), step, hold) >= 20


def test_recording_the_approver_survives_a_crash_at_any_moment() -> None:
    def prepare() -> FakeWorld:
        world = FakeWorld()
        requested(world)
        return world

    def step(world: FakeWorld) -> None:
        name = world.registry.versions(MODEL)[0].tag("release_id")
        execute(world, name, "ann")

    def hold(world: FakeWorld) -> None:
        assert world.states == ["executing"]
        assert world.registry.versions(MODEL)[0].tag("approver") == "ann"
        assert "separation_of_duties_violated" in world.audit.whats
        assert world.notifier.messages[-1][0].startswith("ALARM")

    assert every_crash(prepare, step, hold) >= 8


EVENTS = ("completed", "executed", "settled")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 40)), max_size=8), st.booleans())
def test_duplicates_disorder_and_crashes_end_in_one_champion(
    noise: list[tuple[str, int]],
    starts: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    world = FakeWorld()
    world.finish(job())
    deployed = False

    def step(name: str, seen: FakeWorld) -> None:
        if name == "completed":
            complete(seen)
        elif name == "settled":
            settle(seen)
        elif deployed:  # nobody can have executed what was never there
            execute(seen, world.registry.versions(MODEL)[0].tag("release_id"))

    for name, moment in [*noise, ("completed", 0), ("executed", 0), ("settled", 0)]:
        if name != "completed" and not deployed and world.change_sets.waiting:
            world.deploy(world.registry.versions(MODEL)[0], "UPDATE_COMPLETE" if starts else "UPDATE_ROLLBACK_COMPLETE")
            deployed = True
        crashes(lambda seen, name=name: step(name, seen), world, moment)
    assert len(world.registry.runs) == len(world.states) == 1
    assert world.states == (["released"] if starts else ["rolled_back"])
    assert world.registry.champions == ({MODEL: "1"} if starts else {})
    assert not world.change_sets.executed
