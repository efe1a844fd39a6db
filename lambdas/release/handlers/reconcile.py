"""On a schedule: find what lost events, crashes and dead letters left undone, and have the right function do it.

Asked by a person: write MLflow's copy of the record anew, take down that what serves be adopted, or that a moved model
be asked for again.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas.release import adopting, events, mirror, moved, reconciling
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.record import RecordError

_CLOCKS = timedelta(minutes=5)
"""By so much two clocks may differ."""


@traced
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Take the scheduled event, or what a person asks (`rebuild`, `adopt`, `ask_again`); answer what was done.

    Or `{"refused"}`, with the reason.
    """
    annotate("request", context.aws_request_id)
    answer, heads = answered(event, context.aws_request_id, datetime.now(UTC), connect())
    logger.info(answer | {"heads": heads})  # the log group is no part of the bucket
    return answer


def answered(event: dict[str, Any], request: str, now: datetime, world: World) -> tuple[dict[str, Any], dict[str, str]]:
    """Do what the event asks; return the answer, and where each model's chain ends.

    Raises:
        EventError: it is no event of ours, or of a time to come: whoever may ask for a rebuild could let requests
            expire by it.
    """
    if "rebuild" in event:
        return rebuild(event, request, now, world), world.audit.heads()
    if "adopt" in event:
        return adopt(event, request, now, world), world.audit.heads()
    if "ask_again" in event:
        return ask_again(event, request, now, world), world.audit.heads()
    scheduled = events.parse(events.Scheduled, event)
    if scheduled.at > now + _CLOCKS:
        raise events.EventError(f"time is {scheduled.at.isoformat()}, expected none after {now.isoformat()}.")
    return {"outcome": reconcile(scheduled, world)}, world.audit.heads()


def reconcile(event: events.Scheduled, world: World) -> list[str]:
    """Link loose audit entries, and send lost events again; return what was done."""
    return reconciling.reconcile(world, event.at)


def rebuild(event: dict[str, Any], request: str, at: datetime, world: World) -> dict[str, Any]:
    """Write a model's copy in MLflow anew, for a person; `request` is Lambda's id of the call."""
    try:
        return {"versions": mirror.rebuild(world, events.parse(events.RebuildAsked, event), request, at)}
    except (events.EventError, mirror.RefusedRebuildError, RecordError) as refusal:
        return {"refused": str(refusal)}


def adopt(event: dict[str, Any], request: str, at: datetime, world: World) -> dict[str, Any]:
    """Take down that a person asks for an adoption or confirms one; `release_settled` carries it out."""
    try:
        return {
            "adopts": adopting.ask(world, events.parse(events.AdoptionAsked, event), request, at),
            "request": request,
        }
    except (events.EventError, adopting.RefusedAdoptionError) as refusal:
        return {"refused": str(refusal)}


def ask_again(event: dict[str, Any], request: str, at: datetime, world: World) -> dict[str, Any]:
    """Take down that a person asks for a moved model; `training_completed` opens it when the trail has told who."""
    try:
        return {"asks": moved.ask(world, events.parse(events.MovedAsked, event), request, at), "request": request}
    except (events.EventError, moved.RefusedMoveError) as refusal:
        return {"refused": str(refusal)}
