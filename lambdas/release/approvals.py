"""Who executed what: the approver's name on the version, and alarms for what should not happen."""

from lambdas.release import decisions, events, reports
from lambdas.release.ports import World
from lambdas.release.records import AuditEntry, Execution, Version, stack_of, submitter_of


def version_of(world: World, execution: Execution) -> Version | None:
    """Return the version that was requested under the change set's name; None when it is no release of ours.

    The call must be on the model's own stack: a change set has any name that its maker likes, on a stack of the own.
    """
    model = next((m for m in world.settings.models if stack_of(m) == execution.stack), None)
    return decisions.version_of_release(execution.change_set, world.registry.versions(model)) if model else None


def record_approver(world: World, version: Version, execution: Execution) -> str:
    """Put the approver on the version and move it to `executing`, unless its end is known already.

    The tags come first and at once: `release_settled` may run beside this and must not be overtaken.
    """
    news = {"approver": execution.who}
    violation = execution.who == submitter_of(execution.change_set)
    if violation:
        news["reason"] = "executed by its own submitter"
    if decisions.may_become(version.state, "executing"):
        news["state"] = "executing"
    known = world.registry.tag(version, news)
    reports.executed(world, known, execution.who, execution.at, violation=violation)
    if violation:  # it may have been crowned before this was known: `release_settled` looks again and goes back
        world.functions.deliver("release_settled", events.settled_again(version.model, execution.at))
    return f"version {version.number} executed by {execution.who}"


def record_denial(world: World, version: Version, execution: Execution) -> None:
    """Record that IAM or CloudFormation turned somebody away."""
    details = {"error": execution.denied}
    reports.transition(world, version, "execution_denied", execution.at, who=execution.who, details=details)


def record_way_back(world: World, execution: Execution) -> None:
    """Audit and announce that a change set which goes back or stops an endpoint was executed, by one person alone."""
    what = f"way_back_{'denied' if execution.denied else 'executed'}"
    details = {"error": execution.denied}
    name, at, who = execution.change_set, execution.at, execution.who
    entry = AuditEntry(model=reports.ALL_MODELS, subject=name, what=what, at=at, who=who, details=details)
    world.audit.write(entry)
    world.notifier.tell(
        f"ALARM: {execution.change_set} {what}", f"{execution.who} called ExecuteChangeSet of {execution.change_set}."
    )
