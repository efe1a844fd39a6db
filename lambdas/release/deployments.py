"""Deployments of an endpoint's template: seen while the stack rests, believed once the trail says who made them.

A role that the settings let deploy makes a template the one that releases keep; no name of a change set does, and what
another role brought is never what is expected (docs/decisions/0046-a-deployment-counts-by-its-role.md).
"""

from datetime import datetime, timedelta

from lambdas.release import events, intrusions, reports
from lambdas.release.ports import World
from lambdas.release.records import AuditEntry, Execution, Stack, stack_of

CLOCKS = timedelta(seconds=10)  # between CloudTrail's time of a call and CloudFormation's of the operation
BEGINS_WITHIN = timedelta(minutes=1)  # from the call on
RINGS_AFTER = timedelta(minutes=15)  # CloudTrail promises its events within about 15 minutes
TRAIL_DELAY = timedelta(minutes=30)
_REMEMBERED = timedelta(days=1)
_BEGIN = ("ExecuteChangeSet", "CreateStack", "UpdateStack")


def keep(world: World, model: str, stack: Stack) -> None:
    """Take down the template that no release brought; record as deployed what the trail gives to the deploying role."""
    current = world.endpoints.template(model)
    if stack.went_forward and not stack.was_released and current != world.templates.recorded(model):
        reports.deployment_seen(world, model, stack, world.templates.keep(model, current))
    believe(world, model, stack)


def believe(world: World, model: str, stack: Stack) -> None:
    """Record as deployed what was seen and the trail gives to the deploying role by now."""
    for seen in _seen(world, model, stack):
        made = _made(world, seen)
        if made and not is_stranger(world, made):
            reports.deployed(world, seen, made)


def _seen(world: World, model: str, stack: Stack) -> list[AuditEntry]:
    found = world.audit.told(model, "deployment_seen", since=stack.changed - _REMEMBERED)
    return [each for each in found if each.at <= stack.changed]


def _made(world: World, seen: AuditEntry) -> Execution | None:
    stack = Stack(status=seen.details["status"], change_set=seen.details["change_set"], changed=seen.at)
    return maker(world, seen.model, stack)


def unproven(world: World, model: str, stack: Stack, at: datetime) -> timedelta | None:
    """Return for how long the trail has owed who deployed the stack's template; None where it owes nothing (any more).

    A release may have been executed since. What the trail tells between two looks is owed until it is on record.
    """
    current = world.endpoints.template(model)
    if current == world.templates.recorded(model):
        return None
    return owed_for(world, model, stack, current, at)


def owed_for(world: World, model: str, stack: Stack, template: str, at: datetime) -> timedelta | None:
    """Return since when a template was seen that a deployment brought, no stranger's as far as the trail tells."""
    sha256 = intrusions.sha256(template)
    seen = [each for each in _seen(world, model, stack) if each.details["template_sha256"] == sha256]
    owed = [at - each.at for each in seen if not ((made := _made(world, each)) and is_stranger(world, made))]
    return min((age for age in owed if age < TRAIL_DELAY), default=None)


def by_a_stranger(world: World, model: str, stack: Stack) -> str | None:
    """Return who began the stack's last operation and may not deploy; None where nobody is known, or one who may."""
    made = None if stack.was_released else maker(world, model, stack)
    if made is None or not is_stranger(world, made):
        return None
    what = stack.last_change_set or "an operation without a change set"
    return f"{made.who or 'nobody known'} began {what} as {made.role or 'nobody of a role'}, which may not deploy"


def is_stranger(world: World, made: Execution) -> bool:
    """Say whether a call was made by another role than the one that the settings let deploy."""
    return events.role_of(made.role) != events.role_of(world.settings.deployer_role_arn)


def maker(world: World, model: str, stack: Stack) -> Execution | None:
    """Return who began the stack's last operation, as the trail knows it; None while it doesn't.

    By the change set's name on the model's own stack, or directly, at the time at which the operation began. A stranger
    who called at that time, too, in either way, began it. A creation may tell the time of its change set's making
    alone.
    """
    until = None if stack.status == "CREATE_COMPLETE" else stack.changed + CLOCKS
    calls = (each for name in _BEGIN for each in world.trail.calls(name, stack.changed - BEGINS_WITHIN, until))
    told = sorted(filter(None, map(events.operation_of, calls)), key=lambda each: each.at)
    ours = [each for each in told if _began(each, model, stack) and (each.stack or is_stranger(world, each))]
    then = [each for each in ours if each.at <= stack.changed + CLOCKS]
    if not then and stack.status == "CREATE_COMPLETE":
        then = ours[:1]
    return next((each for each in then if is_stranger(world, each)), then[-1] if then else None)


def _began(call: Execution, model: str, stack: Stack) -> bool:
    """Say whether a call may have begun the stack's operation; a change set's ARN tells no stack."""
    if not call.stack:
        return bool(call.change_set) and call.change_set == stack.last_change_set
    return call.stack == stack_of(model) and call.change_set in {stack.last_change_set, ""}


def was_updated_directly(world: World, model: str, stack: Stack) -> bool:
    """Say whether UpdateStack began the last operation. No role of the platform's may call it on an endpoint's stack.

    A change set that was executed since takes its place: what a deployment brought lends a release no trust.
    """
    updated = _last_call(world, "UpdateStack", model, stack)
    if updated is None:
        return False
    executed = _last_call(world, "ExecuteChangeSet", model, stack)
    return executed is None or executed < updated


def _last_call(world: World, name: str, model: str, stack: Stack) -> datetime | None:
    """Return when the trail saw a call on a model's stack last, as its last operation began.

    A look-up reads the newest calls alone: without an end, later ones on any stack would hide what began this one's.
    """
    calls = world.trail.calls(name, stack.changed - CLOCKS, stack.changed + CLOCKS)
    asked = [(events.stack_named(call["requestParameters"]), call["eventTime"]) for call in calls]
    return max((datetime.fromisoformat(at) for of, at in asked if of == stack_of(model)), default=None)
