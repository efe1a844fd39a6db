"""On a schedule: find what lost events, crashes and dead letters left undone, and have the right function do it."""

from typing import Any

from lambdas.release import events, reconciling
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import traced
from lambdas.release.ports import World


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take the scheduled event."""
    world = connect()
    outcome = reconcile(events.parse(events.Scheduled, event), world)
    logger.info({"outcome": outcome, "heads": world.audit.heads()})  # the log group is no part of the bucket


def reconcile(event: events.Scheduled, world: World) -> list[str]:
    """Link loose audit entries, and send lost events again; return what was done."""
    return reconciling.reconcile(world, event.at)
