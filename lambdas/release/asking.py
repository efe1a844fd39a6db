"""What people ask for and the platform does: go back, or stop. What it brings comes from the record and nowhere else.

Who asked stands in the trail, whose event of the call comes later (handlers/function_invoked.py); neither a stop nor a
way back waits for that. IAM says who may ask.
"""

from dataclasses import dataclass
from datetime import datetime

from lambdas.release import decisions, known, reports, vouching
from lambdas.release.ports import World
from lambdas.release.record import RecordError
from lambdas.release.records import HALT, HOME, Release, Stack, Version, name_of


class RefusedAskError(Exception):
    """What a person asked for is not done; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a person asks for: go back to a release, or stop where there is none; `request` is the call's id."""

    model: str
    release: str
    reason: str
    request: str
    at: datetime


def carry_out(world: World, ask: Ask) -> str:
    """Make and execute the change set that a person asked for; return its name. Others in its way are deleted.

    Raises:
        RefusedAskError: it may not or cannot be done.
        RecordError: the record can't tell what would come back; a stop needs none of it.
    """
    if ask.model not in world.settings.models:
        raise RefusedAskError(f"model is {ask.model!r}, expected one of {', '.join(world.settings.models)}.")
    stack = world.endpoints.stack(ask.model)
    if stack.is_moving:
        raise RefusedAskError(
            f"The stack of {ask.model} is {stack.status} by {stack.last_change_set or 'an unknown operation'}, and "
            "takes no change set. `python -m releases stop --now` takes the endpoint away without it."
        )
    version = restorable(world, ask, stack) if ask.release else None
    release = decisions.release_of(version) if version else Release()
    current, deployed = world.endpoints.template(ask.model), _deployed(world, ask)
    template = deployed if deployed != current else None
    stem = f"{HOME}to-v{version.number}-by-hand" if version else f"{HALT}by-hand"
    made = world.change_sets.prepare(ask.model, stem, release, f"Asked for: {ask.reason}"[:1000], template)
    if made is None:
        raise RefusedAskError(f"The stack of {ask.model} has nothing to change: it has these parameters already.")
    reports.asked_by_hand(world, ask.model, ask.request, _details(ask, made), ask.at)
    world.change_sets.execute(ask.model, made)
    return name_of(made)


def _deployed(world: World, ask: Ask) -> str | None:
    """Return the template that was deployed last; a stop goes on with the stack's where the record can't tell."""
    try:
        return world.templates.recorded(ask.model)
    except RecordError:
        if ask.release:
            raise
        return None


def restorable(world: World, ask: Ask, stack: Stack) -> Version:
    """Return the version that a person wants back.

    Raises:
        RefusedAskError: it was never a champion, may not serve, serves already, or nothing vouches for it.
    """
    version = decisions.version_of_release(ask.release, known.versions(world, ask.model))
    if version is None or not version.tag("crowned"):
        raise RefusedAskError(
            f"The record knows no champion {ask.release!r} of {ask.model}: nothing may go back to it."
        )
    if problem := decisions.unfit(version) or vouching.return_problem(world, version):
        raise RefusedAskError(f"{ask.release} may not serve: {problem}.")
    if stack.release_id == ask.release:
        raise RefusedAskError(f"{ask.release} is what the stack of {ask.model} has already.")
    return version


def _details(ask: Ask, made: str) -> dict[str, str]:
    return {"reason": ask.reason, "release": ask.release, "change_set": made}
