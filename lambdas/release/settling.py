"""The end of a release: a smoke test decides between the champion's crown and the way back."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lambdas.release import decisions, reports
from lambdas.release.artifact import ArtifactError
from lambdas.release.candidates import released_artifact
from lambdas.release.ports import EndpointAnswerError, World
from lambdas.release.records import Version


def accept(world: World, version: Version, at: datetime) -> str:
    """Smoke-test a serving version, then crown it or take it out of service; return which."""
    with TemporaryDirectory() as work:
        problem = smoke_problem(world, version, Path(work))
    if problem:
        go_back(world, version, problem, at)
        return f"version {version.number} goes back: {problem}"
    crown(world, version, at)
    return f"version {version.number} released"


def smoke_problem(world: World, version: Version, work: Path) -> str | None:
    """Return why a serving version must not stay: wrong scores, a wrong archive, its own submitter's approval."""
    if decisions.same_person(version):
        return f"{version.tag('approver')} submitted it and executed its release"
    try:
        golden = released_artifact(world, version, work).json("golden.json")
        answered = world.endpoints.invoke(version.model, golden["rows"])
        return decisions.golden_problem(golden["scores"], answered)
    except (ArtifactError, EndpointAnswerError, KeyError, TypeError) as error:
        return f"the smoke test could not be made: {error!r}"


def crown(world: World, version: Version, at: datetime) -> None:
    """Make a version the champion. Its own state comes last, so that a retry repeats whatever a crash left undone."""
    world.registry.crown(version)
    for other in decisions.superseded_by(version, world.registry.versions(version.model)):
        world.registry.tag(other, {"reason": f"version {version.number} was released", "state": "superseded"})
    reports.released(world, version, at)
    world.registry.tag(version, {"state": "released"})


def mark_rolled_back(world: World, version: Version, reason: str, at: datetime) -> None:
    """Record that the endpoint went on without this version; the champion stays."""
    reports.rolled_back(world, version, reason, at)
    world.registry.tag(version, {"reason": reason, "state": "rolled_back"})


def go_back(world: World, version: Version, reason: str, at: datetime) -> None:
    """Take a serving version out of service again: restore the champion's release, or stop the endpoint.

    The verdict is written before the change set runs, whose end is an event of its own; a crash in between is found by
    the retry (`decisions.Expel`).
    """
    reports.rolled_back(world, version, reason, at, alarm=True)
    version = world.registry.tag(version, {"reason": reason, "state": "rolled_back"})
    name, release = decisions.way_back(world.registry.champion(version.model), version)
    world.change_sets.request(version.model, name, release, f"Way back from version {version.number}: {reason}"[:1000])
    world.change_sets.execute(version.model, name)
