"""Somebody deleted a change set of an endpoint: an approver's rejection, when its reason was left beside."""

from typing import Any

from lambdas.release import approvals, events, rejections
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.records import Execution


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take CloudTrail's event of DeleteChangeSet."""
    called = events.parse(events.ChangeSetDeleted, event)
    annotate("change_set", called.execution().change_set)
    logger.info({"change_set": called.execution().change_set, "outcome": heard(called, connect())})


def heard(called: events.ChangeSetDeleted, world: World) -> str:
    """Take the call where it happened; an event that was sent again is only a hint."""
    if not approvals.happened(world, called):
        return f"not in the trail: {called.execution()}"
    return change_set_deleted(called.execution(), world)


def change_set_deleted(deletion: Execution, world: World) -> str:
    """Record a release's rejection; return what was recorded."""
    if denied := approvals.record_nameless_denial(world, "rejection_denied", deletion):
        return denied
    version = approvals.version_of(world, deletion)
    return rejections.record(world, version, deletion) if version else "no release"
