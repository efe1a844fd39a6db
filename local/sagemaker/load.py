"""How often each variant is invoked, by minutes of the fast clock: what the metric InvocationsPerInstance adds up."""

import threading
import time
from collections import Counter

from local.sagemaker import clock

_KEPT = 60


class Load:
    """Counts invocations by endpoint, variant and minute; the last hour is kept. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], Counter[int]] = {}

    def note(self, endpoint: str, variant: str) -> None:
        """Count an invocation of now."""
        now = _minute()
        with self._lock:
            counts = self._counts.setdefault((endpoint.lower(), variant), Counter())
            counts[now] += 1
            for old in [each for each in counts if each < now - _KEPT]:
                del counts[old]

    def minutes(self, endpoint: str, variant: str, count: int) -> list[int]:
        """Invocations in each of the last full minutes, the latest first; 0 is a minute for which AWS has no data."""
        now = _minute()
        with self._lock:
            counts = self._counts.get((endpoint.lower(), variant), Counter())
            return [counts[now - back] for back in range(1, count + 1)]


def _minute() -> int:
    return int(time.monotonic() / clock.MINUTE)
