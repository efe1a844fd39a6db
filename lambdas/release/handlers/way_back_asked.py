"""A person asks to go back to a release, or to stop the endpoint: do it, and answer what was done or why it wasn't."""

from datetime import UTC, datetime
from typing import Any

from lambdas.release import asking, events
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.record import RecordError


@traced
def handler(event: dict[str, Any], context: Any) -> dict[str, str]:  # noqa: ANN401 - Lambda's own
    """Take `{"model", "release", "reason"}`, `release` empty for a stop; answer `{"change_set"}` or `{"refused"}`."""
    annotate("request", context.aws_request_id)
    answer = way_back_asked(event, context.aws_request_id, datetime.now(UTC), connect())
    logger.info(answer)
    return answer


def way_back_asked(event: dict[str, Any], request: str, at: datetime, world: World) -> dict[str, str]:
    """Carry out what a person asks for at this moment; `request` is Lambda's id of the call."""
    try:
        asked = events.parse(events.WayBackAsked, event)
        ask = asking.Ask(model=asked.model, release=asked.release, reason=asked.reason, request=request, at=at)
        return {"change_set": asking.carry_out(world, ask), "request": request}
    except (events.EventError, asking.RefusedAskError, RecordError) as refusal:
        return {"refused": str(refusal), "request": request}
