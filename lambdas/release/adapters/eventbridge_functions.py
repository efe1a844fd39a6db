"""Events that functions of the release path send to each other: over a bus of ours, so that a rule tries again."""

import json
from collections.abc import Mapping
from typing import Any

from lambdas.release.events import REDELIVERY


class EventBridgeFunctions:
    """`ports.Functions` over a boto3 `events` client; a rule hands the envelope to its function (events.parse)."""

    def __init__(self, events: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._events = events

    def deliver(self, function: str, event: Mapping[str, Any]) -> None:
        """Have a function take an event, asynchronously.

        Raises:
            DeliveryError: EventBridge did not take it.
        """
        entry = {
            "EventBusName": REDELIVERY,
            "Source": REDELIVERY,
            "DetailType": function,
            "Detail": json.dumps(event),
        }
        answer = self._events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise DeliveryError(f"EventBridge did not take the event for {function}: {answer['Entries'][0]}")


class DeliveryError(Exception):
    """EventBridge did not take an event; the caller is tried again."""
