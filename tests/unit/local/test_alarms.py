"""Alarms over metric math stand on the local AWS and measure nothing; the others are what they were."""

from typing import Any

from local.cloudformation.alarms import NOTHING_MEASURED, _without_metric_math

PLAIN = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Threshold": 1}


def record(name: str, props: Any) -> dict[str, Any]:  # noqa: ANN401 - as the emulator's function
    return {"AlarmName": name, **props}


def test_a_plain_alarm_is_left_alone() -> None:
    assert _without_metric_math(record)("a", PLAIN) == {"AlarmName": "a", **PLAIN}


def test_metric_math_is_recorded_under_a_name_that_says_so() -> None:
    found = _without_metric_math(record)("a", {"Metrics": [{"Id": "x", "Expression": "y"}], "Threshold": 1})
    assert found == {"AlarmName": "a", "Threshold": 1, **NOTHING_MEASURED}
