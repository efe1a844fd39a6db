"""While a stack moves somebody looks: at the change set that runs, and at every container of the endpoint.

What a change set brings can be in force for as long as its stack moves, and CloudFormation may take it back at last as
though nothing had been. So it is held against the record when it begins, not when it ends.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lambdas.release import decisions, deployments, guarding, intrusions, known, ran, reports
from lambdas.release.ports import World
from lambdas.release.records import BACKWARD, Brought, Release, Stack, is_release_id
from lambdas.release.statuses import Rest

LONGEST = timedelta(minutes=90)
"""A release takes 30 to 40 minutes, with traffic shifted in four steps an hour (stacks/endpoint.py)."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """What is known of a model while its stack moves."""

    seen: guarding.Sight
    brought: Brought | None  # what the change set brings that is executed; None where no change set is known
    deployed: str | None

    @property
    def stack(self) -> Stack:
        """The stack that moves."""
        return self.seen.stack

    @property
    def is_release(self) -> bool:
        """Say whether a release, a way back or a stop runs: by the change set that the stack names.

        One that is named and isn't executed while the stack is updated is another operation's, which began directly.
        """
        stale = self.stack.status == "UPDATE_IN_PROGRESS" and self.brought is not None and not self.brought.runs
        return self.stack.was_released and not stale


def see(world: World, model: str) -> Move | None:
    """Return what moves; None when the stack rests, or changed meanwhile (its own event follows).

    The record is read last: a release is on it before its change set can be executed.
    """
    stack = world.endpoints.stack(model)
    if not stack.is_moving:
        return None
    serving = world.endpoints.serving(model)
    brought = world.change_sets.brings(model, stack.last_change_set) if stack.last_change_set else None
    seen = guarding.Sight(model=model, stack=stack, serving=serving, versions=known.versions(world, model))
    move = Move(seen=seen, brought=brought, deployed=world.templates.recorded(model))
    now = world.endpoints.stack(model)
    return move if (now.status, now.changed) == (stack.status, stack.changed) else None


def watch(world: World, model: str, at: datetime) -> str:
    """Look at a stack that moves: ring and cancel what must not be, ring when it takes too long; return what was done.

    The alarm rings once an operation. Where nothing can be cancelled (any more), the end of the operation brings
    another look; where that doesn't come, all callers are refused.
    """
    move = see(world, model)
    if move is None:
        return "not settled"
    at = max(at, move.stack.changed)
    deployments.believe(world, model, move.stack)
    move = replace(move, deployed=world.templates.recorded(model))
    if wrong := wrongly_brought(world, move, at) or wrongly_begun(world, move):
        _ring(world, move, wrong, at)
        if world.change_sets.cancel(model):
            return f"cancelled: {wrong}"
    problem = wrong or wrongly_running(world, move, at)
    if problem:
        _ring(world, move, problem, at)
    if takes_too_long(move.stack, at):
        reports.hangs(world, model, move.stack, f"it is {move.stack.status} since {move.stack.changed:%H:%M}", at)
        if problem:
            world.endpoints.refuse_callers(model)
            return f"all callers are refused: {problem}"
    return f"waits for the end: {problem}" if problem else "not settled"


def problem_of(world: World, move: Move, at: datetime) -> str | None:
    """Return what is wrong about what moves; None when it is as it should be."""
    return wrongly_brought(world, move, at) or wrongly_begun(world, move) or wrongly_running(world, move, at)


def takes_too_long(stack: Stack, at: datetime) -> bool:
    """Say whether a stack moves for longer than a release takes."""
    return stack.rest is Rest.MOVES and at - stack.changed >= LONGEST


def wrongly_brought(world: World, move: Move, at: datetime) -> str | None:
    """Return why the change set that runs must not: another template, or parameters of nothing that was approved.

    A template of which the trail still owes who deployed it waits, as at rest: a release may follow a deployment.
    """
    if not move.is_release or move.brought is None:
        return None
    name, brought = move.stack.last_change_set, move.brought
    arriving = replace(move.stack, release_id=brought.release.release_id)
    other = intrusions.template_problem(arriving, brought.template, move.deployed)
    if other and not _is_owed(world, move, brought.template, at):
        return other
    if name.startswith(BACKWARD[1]):
        lawful = [Release()]
    elif is_release_id(name):
        asked = decisions.version_of_release(name, move.seen.versions)
        lawful = [decisions.release_of(asked)] if asked else []
        if asked and ran.was_asked(world, asked, move.stack.change_set, until=move.stack.changed) is False:
            return f"{move.stack.change_set} runs, which nobody asked for: another made it under that name"
    else:
        lawful = [Release(), *(decisions.release_of(v) for v in move.seen.versions if decisions.was_approved(v))]
    if brought.release in lawful:
        return None
    return f"{name} brings {brought.release}, which is nothing that may come by that name"


def wrongly_begun(world: World, move: Move) -> str | None:
    """Return who began what moves and may not deploy; None where it is a release, or the trail doesn't tell (yet)."""
    if move.is_release:
        return None
    direct = move.stack.was_released  # which the stack names still: another operation began without a change set
    return deployments.by_a_stranger(
        world, move.seen.model, replace(move.stack, change_set="") if direct else move.stack
    )


def wrongly_running(world: World, move: Move, at: datetime) -> str | None:
    """Return what the endpoint runs, or starts, that nobody approved; None when all is approved.

    A deployment may bring a template of its own, and what a stranger brings is `wrongly_begun` once the trail tells. A
    release may come in, or take the place of, one of which the trail still owes who deployed it.
    """
    others = [move.brought.template] if move.brought else []
    others.append(world.endpoints.template(move.seen.model))
    if move.is_release:
        others = [each for each in others if _is_owed(world, move, each, at)]
    return guarding.foreign(world, move.seen, [move.deployed, *others])


def _is_owed(world: World, move: Move, template: str, at: datetime) -> bool:
    return deployments.owed_for(world, move.seen.model, move.stack, template, at) is not None


def _ring(world: World, move: Move, problem: str, at: datetime) -> None:
    if not reports.rang(world, move.seen.model, move.stack, "intrusion"):
        reports.intruded(world, move.seen.model, move.stack, problem, at)
