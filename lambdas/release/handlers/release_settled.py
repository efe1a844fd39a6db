"""An endpoint or its stack changed: watch what moves; when it has settled, crown the release or say why not."""

from datetime import datetime
from typing import Any

from lambdas.release import (
    adopting,
    approvals,
    decisions,
    deployments,
    events,
    guarding,
    known,
    reports,
    settling,
    watching,
)
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.record import RecordError


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take an event of an endpoint's stack, or of the endpoint itself."""
    changed = events.parse(events.kind_of_change(event), event)
    annotate("model", changed.model)
    logger.info({"model": changed.model, "outcome": release_settled(changed, connect())})


def release_settled(event: events.StackStatusChanged | events.EndpointChanged, world: World) -> str:
    """Compare the record with what the endpoint says, and believe the endpoint. Return what became of it.

    The event is a hint that there is something to see; what it says is looked up. Where the record can't decide, people
    are told and nothing is started or stopped, until two of them agree on what serves.
    """
    if event.model not in world.settings.models:
        return f"{event.model} is no model of ours"
    try:
        return _look(event, world)
    except RecordError as broken:
        if done := adopting.carry_out(world, event.model, event.at):
            return done
        reports.stands_still(world, event.model, str(broken), event.at)
        return f"nothing is done: {broken}"


def _look(event: events.StackStatusChanged | events.EndpointChanged, world: World) -> str:
    seen = guarding.look(world, event.model)
    if seen is None:
        return watching.watch(world, event.model, event.at)
    at = max(event.at, seen.stack.changed)  # an event may be older than the operation whose end it finds
    deployments.keep(world, seen.model, seen.stack)
    if problem := guarding.intrusion(world, seen):
        return guarding.drive_out(world, seen, problem, at)
    unable = guarding.help_out(world, seen, at)
    tried = decisions.fallen(seen.stack, seen.serving, seen.versions)
    for one in tried:
        settling.mark_rolled_back(world, one.version, one.reason, at)
    if unable:
        return unable
    champion = known.champion(world, event.model)
    verdict = decisions.settle(seen.stack, seen.serving, seen.versions, champion)
    if isinstance(verdict, decisions.Nothing):
        return "; ".join(f"version {one.version.number} rolled back: {one.reason}" for one in tried) or verdict.why
    return _carry_out(world, seen, verdict, at)


def _carry_out(world: World, seen: guarding.Sight, verdict: decisions.Verdict, at: datetime) -> str:
    match verdict:
        case decisions.Expel(version, reason):
            return settling.go_back(world, version, reason, seen.stack, at)
        case decisions.Stopped(stopped):
            return settling.stop(world, stopped, seen.stack, at)
        case decisions.Stop(reason):
            return settling.stop_the_stack(world, seen.model, reason, seen.stack, at)
        case decisions.Remains(reason):
            return settling.end_remains(world, seen.model, seen.stack, reason, at)
        case decisions.Accept(version):
            return approvals.accept(world, seen, version, at)
        case decisions.Nothing(why):
            return why
