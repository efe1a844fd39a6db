"""After each operation of an endpoint's stack: keep the template that was deployed, undo what intruded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.release import decisions, intrusions, reports, settling, vouching
from lambdas.release.ports import World
from lambdas.release.records import BACKWARD, Serving, Stack, Version, stack_of

TRAIL_DELAY = timedelta(minutes=30)  # CloudTrail promises its events within about 15 minutes


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is known of a model at one moment, its stack at rest."""

    model: str
    stack: Stack
    serving: Serving | None
    versions: Sequence[Version]


def look(world: World, model: str) -> Sight | None:
    """Return a settled stack with what serves; None while it moves.

    The versions are read first: one that was `executing` then has been tried when the stack is at rest later. A stack
    that has changed meanwhile is no sight.
    """
    versions = world.registry.versions(model)
    stack = world.endpoints.stack(model)
    if stack.is_moving:
        return None
    serving = world.endpoints.serving(model)
    same = world.endpoints.stack(model) == stack
    return Sight(model=model, stack=stack, serving=serving, versions=versions) if same else None


def keep_deployed_template(world: World, seen: Sight, at: datetime) -> None:
    """Record the template that a deployment left; the deployment's role alone can bring a new one."""
    if not seen.stack.went_forward:
        return
    current = world.endpoints.template(seen.model)
    if current != world.templates.recorded(seen.model) and was_deployed(world, seen):
        reports.template_recorded(world, seen.model, seen.stack, intrusions.sha256(current), at)
        world.templates.record(seen.model, current)


def was_deployed(world: World, seen: Sight) -> bool:
    """Say whether the last operation was a deployment: by a change set of its own, or by a direct call in the trail.

    No role of the platform's may call UpdateStack on an endpoint's stack.
    """
    names = (stack_of(seen.model), f":stack/{stack_of(seen.model)}/")
    return seen.stack.was_deployed or any(
        call["requestParameters"]["stackName"] == names[0] or names[1] in call["requestParameters"]["stackName"]
        for call in world.trail.calls("UpdateStack", seen.stack.changed - timedelta(minutes=1))
    )


def intrusion(world: World, seen: Sight) -> str | None:
    """Return what a change set did that it must not do; None when all is as deployed and approved."""
    current, deployed = world.endpoints.template(seen.model), world.templates.recorded(seen.model)
    return (
        intrusions.template_problem(seen.stack, current, deployed)
        or intrusions.serving_problem(seen.stack, seen.serving, seen.versions)
        or _unvouched(world, seen)
    )


def _unvouched(world: World, seen: Sight) -> str | None:
    """Return why a version that a way back brought up must not stay: its signature or its papers are not right.

    A release that moves forward is verified when it is accepted (`settling.accept`).
    """
    if not seen.stack.last_change_set.startswith(BACKWARD):
        return None
    restored = next((v for v in seen.versions if decisions.serves(seen.serving, v)), None)
    return vouching.problem(world, restored) if restored else None


def may_be_direct(stack: Stack, at: datetime) -> bool:
    """Say whether an operation without a change set may still turn up in the trail as a deployment."""
    return stack.last_change_set == "" and at - stack.changed < TRAIL_DELAY


def drive_out(world: World, seen: Sight, problem: str, at: datetime) -> str:
    """Bring back the deployed template with the champion's release (or none); return what was done.

    The state of the world decides again after a crash. A way out that CloudFormation itself rolled back is not tried
    twice: the alarm stands. An operation without a change set is left alone until the trail must know it.
    """
    stack, model = seen.stack, seen.model
    reports.intruded(world, model, stack, problem, at)
    if may_be_direct(stack, at):
        return f"waits for the trail: {problem}"
    version = decisions.attempted(stack, seen.versions)
    if version and decisions.may_become(version.state, "rolled_back") and version.state != "released":
        settling.mark_rolled_back(world, version, problem, at)
    current, deployed = world.endpoints.template(model), world.templates.recorded(model)
    champion = world.registry.champion(model)
    keep = vouching.restorable(world, champion if champion and decisions.was_approved(champion) else None)
    name, release = intrusions.way_out(stack, keep, current, deployed)
    if name == stack.last_change_set and not stack.went_forward:
        return f"{name} failed: {problem}"
    settling.bring(world, model, name, release, f"Way out: {problem}", deployed)
    return f"{name}: {problem}"
