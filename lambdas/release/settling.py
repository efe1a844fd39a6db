"""The end of a release: a smoke test decides between the champion's crown and the way back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from lambdas.release import decisions, known, reports, vouching
from lambdas.release.artifact import ArtifactError
from lambdas.release.candidates import released_artifact
from lambdas.release.ports import EndpointAnswerError, World
from lambdas.release.records import HALT, HOME, Release, Stack, Told, Version, name_of

PAUSE = timedelta(minutes=30)  # before a way back that failed is taken again


def accept(world: World, version: Version, seen: Stack, at: datetime) -> str:
    """Smoke-test a serving version, then crown it or take it out of service; return which."""
    with TemporaryDirectory() as work:
        problem = smoke_problem(world, version, Path(work))
    if problem:
        return go_back(world, version, problem, seen, at)
    crown(world, version, at)
    return f"version {version.number} released"


def smoke_problem(world: World, version: Version, work: Path) -> str | None:
    """Return why a serving version must not stay: wrong scores, a wrong archive."""
    try:
        golden = released_artifact(world, version, work).json("golden.json")
        serving = world.endpoints.serving(version.model)
        answered = world.endpoints.invoke(version.model, golden["rows"])
        return decisions.golden_problem(golden["scores"], answered, serving.told if serving else Told())
    except (ArtifactError, EndpointAnswerError, KeyError, TypeError, ValueError) as error:
        return f"the smoke test could not be made: {error!r}"


def crown(world: World, version: Version, at: datetime) -> None:
    """Make a version the champion; its entry decides, and replaces the former one."""
    champion = known.champion(world, version.model)
    if champion and champion.number != version.number:
        reason = f"version {version.number} was released"
        reports.superseded(world, champion, reason, at, by=version.tag("release_id"))
    replaced = champion.number if champion and champion.number != version.number else "none"
    reports.released(world, version, at, replaced=replaced)
    if champion and champion.number != version.number:
        known.show(world, champion)
    known.show(world, version)
    known.show_champion(world, version.model)


def supersede(world: World, version: Version, reason: str, at: datetime) -> None:
    """Record that a version has been overtaken: a champion that was stopped, or a request that nobody executed."""
    reports.superseded(world, version, reason, at)
    known.show(world, version)


def stop(world: World, champion: Version, stack: Stack, at: datetime) -> str:
    """Record that nothing serves any more: no version is the champion. A later release starts without one."""
    reason = f"{stack.last_change_set or 'an unknown operation'} took the endpoint away"
    text = f"Version {champion.number} was the champion: {reason}."
    world.notifier.tell(f"ALARM: {champion.model} serves nothing", text)
    supersede(world, champion, reason, at)
    known.show_champion(world, champion.model)
    return f"version {champion.number} stopped: {reason}"


def stop_the_stack(world: World, model: str, reason: str, seen: Stack, at: datetime) -> str:
    """Let the stack follow an endpoint that people cut off or deleted. Return what was done."""
    way = Way(model=model, stem=f"{HALT}cut-off", release=Release(), why=f"Stop: {reason}", seen=seen)
    return f"{take(world, way, at)}: {reason}"


def end_remains(world: World, model: str, stack: Stack, reason: str, at: datetime) -> str:
    """Alarm, and refuse all callers: an endpoint outlived its stop, or is another stack's. An operator deletes it."""
    reports.remains(world, model, stack, reason, at)
    world.endpoints.refuse_callers(model)
    return reason


def mark_rolled_back(world: World, version: Version, reason: str, at: datetime) -> None:
    """Record that the endpoint went on without this version; the champion stays."""
    reports.rolled_back(world, version, reason, at)
    known.show(world, version)


def go_back(world: World, version: Version, reason: str, seen: Stack, at: datetime) -> str:
    """Take a serving version out of service again: restore the former release, or stop the endpoint.

    The verdict is written before the change set runs, whose end is an event of its own; a crash in between is found by
    the retry (`decisions.Expel`).
    """
    champion = known.champion(world, version.model)
    reports.rolled_back(world, version, reason, at, alarm=True)
    version = known.show(world, version)
    former = decisions.former(champion, version, known.versions(world, version.model))
    stem, release = decisions.way_back(vouching.restorable(world, former), version)
    why = f"Way back from version {version.number}: {reason}"
    taken = take(world, Way(model=version.model, stem=stem, release=release, why=why, seen=seen), at)
    return f"version {version.number} goes back: {reason} ({taken})"


@dataclass(frozen=True, kw_only=True)
class Way:
    """A change set that goes back or stops; `template` puts another template in the place of the stack's.

    `seen` is the stack as it was when this was decided. The change set's name is the stem and letters that nobody can
    guess, so that nobody can be there first.
    """

    model: str
    stem: str
    release: Release
    why: str
    seen: Stack
    template: str | None = None


def take(world: World, way: Way, at: datetime) -> str:
    """Make a change set that goes back or stops, and execute it; return what came of it.

    One that CloudFormation rolled back is not tried again at once, for it may fail for ever: the alarm stands, and the
    reconciler tries again a few times a day. Where another operation runs, or has run since the stack was looked at,
    its end brings us back here: another function may have done the same, and what serves by now is to stay.
    """
    stack = world.endpoints.stack(way.model)
    if stack.is_moving or stack != replace(way.seen, change_set=stack.change_set):
        return f"{way.stem} waits for {stack.last_change_set or 'an unknown operation'}"
    if stack.last_change_set.startswith(f"{way.stem}-") and not stack.went_forward and at - stack.changed < PAUSE:
        return f"{way.stem} failed"
    made = world.change_sets.prepare(way.model, way.stem, way.release, way.why[:1000], way.template)
    if made:
        world.change_sets.execute(way.model, made)
        return name_of(made)
    if not way.release.release_id:
        return f"{way.stem} has nothing to change"
    if stack.release_id != way.release.release_id:
        return f"{way.stem} was taken by another function since the stack was looked at"
    return take(world, stopping(way), at)


def stopping(way: Way) -> Way:
    """Return the stop in the place of a way back that would change nothing.

    The stack has the former release's parameters already while the endpoint serves something else: SageMaker went back
    by itself. Only without the endpoint does the wrong version end.
    """
    return replace(way, stem=f"{HALT}{way.stem.removeprefix(HOME)}", release=Release())
