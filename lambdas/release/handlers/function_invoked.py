"""The trail tells who called a function that people ask: put the name beside what was asked."""

from typing import Any

from lambdas.release import events, reports
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take CloudTrail's event of Invoke, a data event."""
    call = events.parse(events.FunctionInvoked, event)
    annotate("request", call.request)
    logger.info({"request": call.request, "outcome": function_invoked(call, connect())})


def function_invoked(call: events.FunctionInvoked, world: World) -> str:
    """Record who called; return what was recorded. An event that was sent again is nobody's word.

    No look-up could prove it: LookupEvents shows no data events
    (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html).
    """
    if call.redelivered:
        return f"not the trail's word: {call.request} was sent again"
    reports.asked_by(world, call)
    return f"{call.caller} called {call.function_name}"
