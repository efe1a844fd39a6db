"""On a schedule: find what lost events, crashes and dead letters left undone, and have the right function do it.

Asked by a person: write MLflow's copy of the record anew.
"""

from datetime import UTC, datetime
from typing import Any

from lambdas.release import events, mirror, reconciling
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.record import RecordError


@traced
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Take the scheduled event, or `{"rebuild": <model>, "reason"}`; answer what was done, or `{"refused"}`."""
    annotate("request", context.aws_request_id)
    if "rebuild" in event:
        answer = rebuild(event, context.aws_request_id, datetime.now(UTC), connect())
    else:
        answer = {"outcome": reconcile(events.parse(events.Scheduled, event), connect())}
    logger.info(answer)
    return answer


def reconcile(event: events.Scheduled, world: World) -> list[str]:
    """Link loose audit entries, and send lost events again; return what was done."""
    return reconciling.reconcile(world, event.at)


def rebuild(event: dict[str, Any], request: str, at: datetime, world: World) -> dict[str, Any]:
    """Write a model's copy in MLflow anew, for a person; `request` is Lambda's id of the call."""
    try:
        return {"versions": mirror.rebuild(world, events.parse(events.RebuildAsked, event), request, at)}
    except (events.EventError, mirror.RefusedRebuildError, RecordError) as refusal:
        return {"refused": str(refusal)}
