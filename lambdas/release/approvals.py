"""Who executed what: the approver's name on the version, and alarms for what should not happen."""

from datetime import datetime, timedelta

from lambdas.release import callers, decisions, deployments, events, guarding, known, ran, reports, settling
from lambdas.release.ports import World
from lambdas.release.records import BACKWARD, FORWARD, AuditEntry, Execution, Version, stack_of, submitter_of

ALARM_AFTER, WAY_OUT_AFTER = (
    timedelta(minutes=15),
    timedelta(minutes=45),
)  # from the execution on, for an approver's name


def happened(world: World, event: events.ChangeSetExecuted | events.ChangeSetDeleted) -> bool:
    """Say whether what an event tells did happen: one that was sent again must be in the trail, word for word.

    CloudTrail's own event on the default bus comes before LookupEvents knows of it, and nobody else may put one there
    (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html: `aws.` is reserved).
    """
    if not event.redelivered:
        return True
    told = event.execution()
    calls = world.trail.calls(event.name, told.at, told.at + deployments.CLOCKS)  # later ones would hide it
    return told in map(events.execution_of, calls)


def version_of(world: World, execution: Execution) -> Version | None:
    """Return the version that was requested under the change set's name; None when it is no release of ours.

    The call must be on the model's own stack: a change set has any name that its maker likes, on a stack of the own.
    """
    model = next((m for m in world.settings.models if stack_of(m) == execution.stack), None)
    return decisions.version_of_release(execution.change_set, known.versions(world, model)) if model else None


def record_approver(world: World, version: Version, execution: Execution) -> str:
    """Record who executed a version's release, and have it looked at again where that decides what serves.

    Who executes what nobody asked for, under a release's name, approves nothing. While nobody knows what ran, nothing
    is recorded: the reconciler sends the call again.
    """
    execution = ran.told(world, version, execution)
    asked = ran.was_asked(world, version, execution.arn, until=execution.at)
    if not asked and violation_of(execution, approver=world.settings.approver_role_arn) is None:
        if asked is None:
            return f"waits for the trail: nobody knows who made what {execution.who} executed"
        reports.executed_unasked(world, version, execution)
        return f"{execution.arn} was never asked for"
    now = record(world, version, execution)
    stack = world.endpoints.stack(version.model)
    waits = now.state == "executing" and decisions.is_of(stack, now) and not stack.is_moving
    if waits or decisions.same_person(now):  # it came up, or was even crowned, before this was known
        world.functions.deliver("release_settled", events.settled_again(version.model, execution.at))
    return f"version {version.number} executed by {execution.who}"


def have_it_watched(world: World, model: str, execution: Execution) -> None:
    """Have the operation looked at that an execution began, while it runs (watching.py); a deployment's also later.

    Its template counts when the trail has told who made it (deployments.py).
    """
    deploys = not execution.change_set.startswith((*FORWARD, *BACKWARD))
    if deploys or world.endpoints.stack(model).is_moving:
        world.functions.deliver("release_settled", events.settled_again(model, execution.at))


def record(world: World, version: Version, execution: Execution) -> Version:
    """Record who executed a version's release; return the version as it is then."""
    violation = violation_of(execution, approver=world.settings.approver_role_arn)
    reports.executed(world, version, execution, violation=violation)
    return known.show(world, version)


def violation_of(execution: Execution, *, approver: str) -> str | None:
    """Return why an execution approves nothing; None when another person's session of the approver's role made it."""
    if execution.who.casefold() == submitter_of(execution.change_set).casefold():
        return "executed by its own submitter"
    found = callers.stranger(execution.who, execution.role, approver=approver)
    return f"executed {found}" if found else None


def accept(world: World, seen: guarding.Sight, version: Version, at: datetime) -> str:
    """Accept a version that serves, once its approver is known: nobody without one is ever crowned.

    The event of the execution may be late or lost, so the trail is asked. Without an answer the alarm rings, and at
    last the version goes.
    """
    if not version.tag("approver") and (execution := guarding.execution_of(world, version)):
        version = record(world, version, execution)
    if reason := decisions.unfit(version):
        return settling.go_back(world, version, reason, seen.stack, at)
    if version.tag("approver"):
        return settling.accept(world, version, seen.stack, at)
    problem = f"version {version.number} serves {version.tag('release_id')}, and nobody is known who executed it"
    if at - seen.stack.changed >= WAY_OUT_AFTER:
        return guarding.drive_out(world, seen, problem, at)
    if at - seen.stack.changed >= ALARM_AFTER:
        reports.unproven(world, version, problem, at)
    return f"waits for the trail: {problem}"


def record_denial(world: World, version: Version, execution: Execution) -> None:
    """Record that IAM or CloudFormation turned somebody away."""
    details = {"error": execution.denied, "message": execution.message}
    reports.transition(world, version, "execution_denied", execution.at, who=execution.who, details=details)


def record_nameless_denial(world: World, what: str, call: Execution) -> str | None:
    """Record that somebody was turned away and CloudTrail doesn't say from what; None when it is no such call.

    Where the message names the stack of somebody else, it is none of our affair; where it names none, it may be ours.
    """
    if call.change_set or not call.denied:
        return None
    model = next((m for m in world.settings.models if stack_of(m) == call.stack), None)
    if call.stack and model is None:
        return "no stack of ours"
    details = {"error": call.denied, "message": call.message}
    subject, of = call.stack or "unnamed", model or reports.ALL_MODELS
    who = call.who or "nobody known"
    world.audit.write(AuditEntry(model=of, subject=subject, what=what, at=call.at, who=who, details=details))
    return f"denied: {call.denied}"


def record_way_back(world: World, execution: Execution) -> None:
    """Audit and announce that a change set which goes back or stops an endpoint was executed, by one person alone."""
    what = f"way_back_{'denied' if execution.denied else 'executed'}"
    stacks = (world.endpoints.stack(model).arn for model in world.settings.models if stack_of(model) == execution.stack)
    details = {"error": execution.denied, "stack": next(stacks, "")}
    name, at, who = execution.change_set, execution.at, execution.who
    entry = AuditEntry(model=reports.ALL_MODELS, subject=name, what=what, at=at, who=who, details=details)
    world.audit.write(entry)
    world.notifier.tell(
        f"ALARM: {execution.change_set} {what}", f"{execution.who} called ExecuteChangeSet of {execution.change_set}."
    )
