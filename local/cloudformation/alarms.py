"""Alarms over metric math, which the emulator refuses: locally they are recorded and never change their state."""

from collections.abc import Callable
from typing import Any

from local import private
from local.cloudformation.resource_type import Props

RECORD = "ministack.services.cloudformation.provisioners._cw_metric_alarm_record"
NOTHING_MEASURED = {"Namespace": "local-aws", "MetricName": "metric-math-is-not-computed"}


def record_metric_math() -> None:
    """Have the emulator take such alarms. What they promise is shown at synth and in a real account."""
    private.wrap(RECORD, _without_metric_math)


def _without_metric_math(original: Callable[[str, Props], dict[str, Any]]) -> Callable[[str, Props], dict[str, Any]]:
    def record(name: str, props: Props) -> dict[str, Any]:
        if not props.get("Metrics"):
            return original(name, props)
        return original(name, {key: value for key, value in props.items() if key != "Metrics"} | NOTHING_MEASURED)

    return record
