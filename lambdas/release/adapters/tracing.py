"""Traces of invocations in X-Ray: which call of AWS took how long, and nothing of what events and answers say.

Powertools would add the handler's answer, and X-Ray's SDK the messages of exceptions; both may hold values of a ledger.
Outside Lambda, Powertools traces nothing.
"""

from functools import partial
from typing import Any

from aws_lambda_powertools import Tracer
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter


class DiscreetEmitter:
    """Sends what was recorded to the daemon beside the function: exceptions by type and place, without their words.

    Controls: SI-11.
    """

    def __init__(self, emitter: UDPEmitter) -> None:
        self._emitter = emitter

    def send_entity(self, entity: Any) -> None:  # noqa: ANN401 - the SDK's records have no types
        """Send a record and those within it."""
        _forget_messages(entity)
        self._emitter.send_entity(entity)


def _forget_messages(entity: Any) -> None:  # noqa: ANN401 - the SDK's records have no types
    if isinstance(entity.cause, dict):  # otherwise the id of an exception that was told before
        for thrown in entity.cause.get("exceptions", ()):
            thrown.message = None
    for part in entity.subsegments:
        _forget_messages(part)


xray_recorder.configure(emitter=DiscreetEmitter(xray_recorder.emitter))
_tracer = Tracer(service="atoll", patch_modules=("botocore",))
traced = partial(_tracer.capture_lambda_handler, capture_response=False, capture_error=False)
"""Decorates a handler: each invocation is a subsegment, and each call of AWS one within it."""
annotate = _tracer.put_annotation
"""Name what an invocation is about (`job`, a name), so that its trace is found by it."""
