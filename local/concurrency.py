"""Functions run as often at once as their template reserves; an event that finds its function busy waits.

The emulator reads no reservation from a template, and drops an event whose function is busy. On AWS a call is refused
(429), and an event goes back to Lambda's queue, to be tried again after a second, then after longer and longer, at most
five minutes: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html. Functions run no faster
here than on AWS, while waits do, so an event is kept for as long as it takes, not for six hours of the fast clock.
"""

import functools
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from local import private
from local.sagemaker import clock

_LAMBDA = "ministack.services.lambda_svc"
_FUNCTION = "AWS::Lambda::Function"
LONGEST = 5 * 60
"""Seconds from one try of an event to the next."""


def register() -> None:
    """Have the emulator keep reservations. Call once, after `import ministack.app` and before its main."""
    handlers = private.find("ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS")[_FUNCTION]
    handlers |= {"create": _reserving(handlers["create"], given=1), "update": _reserving(handlers["update"], given=2)}
    private.wrap("ministack.services.eventbridge._dispatch_to_lambda", _queueing)


def _reserving(original: Callable[..., tuple], *, given: int) -> Callable[..., tuple]:
    """Make or change a function; its properties are the argument at `given`."""

    def provision(*arguments: Any, **named: Any) -> tuple:  # noqa: ANN401 - the emulator's own
        made = original(*arguments, **named)
        reserved = arguments[given].get("ReservedConcurrentExecutions")
        private.find(f"{_LAMBDA}._functions")[made[0]]["concurrency"] = None if reserved is None else int(reserved)
        return made

    return functools.wraps(original)(provision)


def _queueing(_original: Callable[[str, str], None]) -> Callable[[str, str], None]:
    def dispatch(arn: str, payload: str) -> None:
        func, config, _ = private.find(f"{_LAMBDA}._get_func_record_for_ref")(arn)
        if func and config:
            record = private.find(f"{_LAMBDA}._execution_record_for_config")(func, config)
            threading.Thread(target=_until_it_ran, args=(record, json.loads(payload)), daemon=True).start()

    return dispatch


def _until_it_ran(function: Mapping[str, Any], event: object) -> None:
    wait = 1
    while private.find(f"{_LAMBDA}._execute_function_with_config_scope")(function, event).get("throttle"):
        time.sleep(clock.real(wait))
        wait = min(2 * wait, LONGEST)
