"""What an attack is, the world it is carried out in, and how a job's archive is delivered."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.fakes.artifacts import files, manifest, metrics
from tests.fakes.release import MODEL, FakeWorld, job
from tests.unit.lambdas.stories import complete, released

JOB = job("job-2", submitter="mallory")
OTHER = "other-model"


@dataclass(frozen=True)
class Attack:
    """A try: `mount` carries it out and returns the platform's answer, which must contain `says`."""

    name: str
    mount: Callable[[FakeWorld], str]
    says: str
    registers: bool = False  # whether a version is known (and refused or rolled back) afterwards


def under_attack() -> FakeWorld:
    """A world in which version 1, of an honest job, is the champion and serves."""
    world = FakeWorld(settings=FakeWorld().settings.model_copy(update={"models": (MODEL, OTHER)}))
    released(world)
    return world


def honest(world: FakeWorld, **changes: bytes) -> dict[str, bytes]:
    """The files of a model that would pass, compared with the champion, and their manifest."""
    champion = world.registry.champion(MODEL)
    assert champion
    compared = metrics(0.9, (champion.tag("manifest_sha256"), 0.8))
    content = files(**({"metrics_json": compared} | changes))
    return content | {"manifest.json": manifest(content)}


def said(world: FakeWorld) -> str:
    """What people were told last."""
    return world.notifier.messages[-1][1]


def deliver(world: FakeWorld, packed: bytes, **changes: Any) -> str:  # noqa: ANN401 - a job's fields
    """Let mallory's job end with an archive; return what people were told."""
    world.finish(replace(JOB, **changes), packed)
    complete(world, JOB.name)
    return said(world)
