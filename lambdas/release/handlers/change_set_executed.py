"""Somebody executed a change set of an endpoint: record who, and raise the alarm when it must not be them."""

from typing import Any

from lambdas.release import approvals, events
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.records import BACKWARD, Execution, stack_of


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take CloudTrail's event of ExecuteChangeSet."""
    called = events.parse(events.ChangeSetExecuted, event)
    annotate("change_set", called.execution().change_set)
    logger.info({"change_set": called.execution().change_set, "outcome": heard(called, connect())})


def heard(called: events.ChangeSetExecuted, world: World) -> str:
    """Take the call where it happened; an event that was sent again is only a hint."""
    if not approvals.happened(world, called):
        return f"not in the trail: {called.execution()}"
    return change_set_executed(called.execution(), world)


def change_set_executed(execution: Execution, world: World) -> str:
    """Record a release's approver; return what was recorded."""
    if denied := approvals.record_nameless_denial(world, "execution_denied", execution):
        return denied
    model = next((each for each in world.settings.models if stack_of(each) == execution.stack), None)
    if model is None:
        return "no stack of ours"
    if not execution.denied:
        approvals.have_it_watched(world, model, execution)
    if execution.change_set.startswith(BACKWARD):
        approvals.record_way_back(world, execution)
        return "way back"
    version = approvals.version_of(world, execution)
    if version is None:
        return "no release"
    if execution.denied:
        approvals.record_denial(world, version, execution)
        return f"denied: {execution.denied}"
    return approvals.record_approver(world, version, execution)
