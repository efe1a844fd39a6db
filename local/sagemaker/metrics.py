"""Metrics that a training job prints: the last value that each of its regular expressions finds."""

import re


class MetricScan:
    """Reads log lines and keeps the last value of each metric.

    `definitions` are SageMaker's `MetricDefinitions`; a regex's first group is the value.
    """

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._patterns = {item["Name"]: re.compile(item["Regex"]) for item in definitions}
        self.values: dict[str, float] = {}

    def read(self, lines: list[str]) -> None:
        """Take further lines."""
        for name, pattern in self._patterns.items():
            for found in (pattern.search(line) for line in lines):
                if found and (number := _number(found.group(1))) is not None:
                    self.values[name] = number


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
