"""After each operation of an endpoint's stack: see what it left, undo what intruded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lambdas.release import (
    decisions,
    deployments,
    events,
    expected,
    intrusions,
    known,
    ran,
    reports,
    settling,
    vouching,
)
from lambdas.release.ports import World
from lambdas.release.records import (
    BACKWARD,
    Container,
    Execution,
    Release,
    Serving,
    Stack,
    Version,
    endpoint_of,
    stack_of,
)
from lambdas.release.statuses import Rest


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
    that has changed meanwhile is no sight. A change set that a stack still names after a direct update is not its last.
    """
    versions = known.versions(world, model)
    stack = world.endpoints.stack(model)
    if stack.is_moving:
        return None
    serving = world.endpoints.serving(model)
    if world.endpoints.stack(model) != stack:
        return None
    if stack.last_change_set and deployments.was_updated_directly(world, model, stack):
        stack = replace(stack, change_set="")
    return Sight(model=model, stack=stack, serving=serving, versions=versions)


def intrusion(world: World, seen: Sight) -> str | None:
    """Return what a change set did that it must not do; None when all is as deployed and approved."""
    current, deployed = world.endpoints.template(seen.model), world.templates.recorded(seen.model)
    other = intrusions.template_problem(seen.stack, current, deployed)
    if other and (stranger := deployments.by_a_stranger(world, seen.model, seen.stack)):
        return f"{stranger}: {other}"
    return other or _unapproved(world, seen) or _unvouched(world, seen)


def _unapproved(world: World, seen: Sight) -> str | None:
    """Return why what serves must not stay: nobody but an operator, or nobody at all, ever approved it.

    Whatever the stack's last operation was, for another may have come after the one that brought it up.
    """
    version = next((v for v in seen.versions if decisions.serves(seen.serving, v)), None)
    up = seen.serving is not None and seen.serving.status == "InService"
    if up and not (version and is_approved(world, seen, version)):
        return intrusions.serving_problem(seen.stack, seen.serving)
    named = decisions.version_of_release(seen.stack.release_id, seen.versions)
    if named and not is_approved(world, seen, named):  # SageMaker went back from it, and CloudFormation did not
        return f"{seen.stack.last_change_set} left {seen.stack.release_id} in the stack, which nobody approved"
    return foreign(world, seen, [world.templates.recorded(seen.model)])


def foreign(world: World, seen: Sight, templates: Iterable[str | None]) -> str | None:
    """Return what the endpoint runs beside approved containers, or that another stack owns it; None when all is ours.

    Its image, archive and whole environment must be what one of the templates gives an approved release.
    """
    if seen.serving is None or not seen.serving.containers:
        return None
    named = {*_releases(seen.serving), seen.stack.release_id} - {""}  # who was never asked for has no release
    running = [v for v in seen.versions if v.tag("release_id") in named]
    approved = [decisions.release_of(v) for v in running if is_approved(world, seen, v)]
    known_templates = [template for template in templates if template is not None]
    allowed = [container_of(world, seen.model, template, each) for template in known_templates for each in approved]
    if problem := expected.problem(seen.serving.containers, allowed):
        return problem
    if seen.serving.owned or seen.stack.is_moving or not seen.stack.release_id:  # `decisions.Remains` tells of the last
        return None
    return f"{endpoint_of(seen.model)} serves, and is no resource of {stack_of(seen.model)}: another stack may own it"


def _releases(serving: Serving) -> set[str]:
    return {each.environment.get("ATOLL_RELEASE_ID", "") for each in serving.containers} - {""}


def container_of(world: World, model: str, template: str, release: Release) -> Container:
    """Return the one container that a template gives a release of a model."""
    repository = world.image.uri().partition("@")[0]
    bucket = world.settings.release_bucket
    return expected.container(template, release, model=model, repository=repository, bucket=bucket)


def is_approved(world: World, seen: Sight, version: Version) -> bool:
    """Say whether somebody executed a version's release (whether it may stay is for `decisions.unfit`)."""
    if version.state not in {"registered", "requested"}:
        return version.state != "superseded" or version.tag("crowned") != ""
    return ran.is_last(world, version, seen.stack) or execution_of(world, version) is not None


def execution_of(world: World, version: Version) -> Execution | None:
    """Return who executed a version's release as the trail knows it: on its own stack, by its whole name.

    What ran under that name must be what was asked for.
    """
    since = datetime.fromisoformat(version.tag("requested_at"))
    wanted = (stack_of(version.model), version.tag("release_id"))
    tries = map(events.execution_of, world.trail.calls("ExecuteChangeSet", since))
    named = (ran.told(world, version, each) for each in tries if each and wanted == (each.stack, each.change_set))
    return next((each for each in named if ran.was_asked(world, version, each.arn, until=each.at)), None)


def _unvouched(world: World, seen: Sight) -> str | None:
    """Return why a version that a way back brought up must not stay: its signature, papers or image are not right.

    A release that moves forward is verified when it is accepted (`settling.accept`).
    """
    if not seen.stack.last_change_set.startswith(BACKWARD):
        return None
    restored = next((v for v in seen.versions if decisions.serves(seen.serving, v)), None)
    return vouching.return_problem(world, restored) if restored else None


def may_be_known_later(world: World, seen: Sight, at: datetime) -> bool:
    """Say whether the trail may still tell of a deployment, or of an approval before a deployment."""
    late = seen.stack.was_released or at - seen.stack.changed >= deployments.TRAIL_DELAY
    return not late and deployments.by_a_stranger(world, seen.model, seen.stack) is None


def drive_out(world: World, seen: Sight, problem: str, at: datetime) -> str:
    """Bring back the deployed template with the champion's release (or none); return what was done.

    The state of the world decides again after a crash. What a deployment, or no change set, brought is left alone until
    the trail must know of it; before it may have told who deployed, nothing rings.
    """
    stack, model = seen.stack, seen.model
    owed = deployments.unproven(world, model, stack, at)
    if owed is None or owed >= deployments.RINGS_AFTER:
        reports.intruded(world, model, stack, problem, at)
    if owed is not None or may_be_known_later(world, seen, at):
        return f"waits for the trail: {problem}"
    version = decisions.attempted(stack, seen.versions)
    if version and decisions.may_become(version.state, "rolled_back") and version.state != "released":
        settling.mark_rolled_back(world, version, problem, at)
    if not stack.can_change:
        return f"{end_without_change_set(world, stack, model)}: {problem}"
    if seen.serving is not None and not seen.serving.owned:
        world.endpoints.refuse_callers(model)  # no change set of this stack ends it
    current, deployed = world.endpoints.template(model), world.templates.recorded(model)
    lost = seen.serving is not None and (seen.serving.lost or not seen.serving.owned)
    champion = None if lost else known.champion(world, model)  # no update would succeed: a stop alone ends it
    keep = vouching.restorable(world, champion if champion and decisions.was_approved(champion) else None)
    stem, release = intrusions.way_out(stack, keep, current, deployed)
    why = f"Way out: {problem}"
    way = settling.Way(model=model, stem=stem, release=release, why=why, seen=stack, template=deployed)
    return f"{settling.take(world, way, at)}: {problem}"


def end_without_change_set(world: World, stack: Stack, model: str) -> str:
    """End what a stack brought that takes no change set: take the failed update back, or refuse all callers."""
    if stack.rest is Rest.HALF:
        world.change_sets.take_back(model)
        return f"{stack.last_change_set or 'an unknown operation'} is taken back"
    world.endpoints.refuse_callers(model)
    return f"all callers are refused, for the stack is {stack.status}"


def help_out(world: World, seen: Sight, at: datetime) -> str | None:
    """Ring where a stack takes no change set, and take back what a release left halfway; None where it takes one."""
    stack = seen.stack
    if stack.can_change or stack.status == "REVIEW_IN_PROGRESS":
        return None
    reports.hangs(world, seen.model, stack, f"it is {stack.status}: {stack.rest.value}", at)
    if stack.rest is Rest.HALF and stack.was_released:
        return end_without_change_set(world, stack, seen.model)
    return f"the stack is {stack.status}"
