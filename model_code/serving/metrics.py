"""Counters that all processes of one server share, and their text for Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import bisect
import itertools
import mmap

STATUSES = (200, 400, 404, 405, 406, 408, 413, 415, 429, 431, 500)
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds of the histogram of answering times."""
ROWS, UNUSUAL, SECONDS = range(3)
_STATUS_AT = {status: place for place, status in enumerate(STATUSES, 3)}
_BUCKETS_AT = 3 + len(STATUSES)
_WIDTH = _BUCKETS_AT + len(BUCKETS) + 1


class Metrics:
    """One line of counters a process, in memory that forked processes share: each writes its own and reads all."""

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._values = memoryview(mmap.mmap(-1, processes * _WIDTH * 8)).cast("d")
        self._first = 0

    def be(self, process: int) -> None:
        """Count from now on as this process (from 0)."""
        self._first = process * _WIDTH

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer; a status that no answer of ours has is left out."""
        place = _STATUS_AT.get(status)
        if place is None:
            return
        self._values[self._first + place] += 1
        self._values[self._first + SECONDS] += seconds
        self._values[self._first + _BUCKETS_AT + bisect.bisect_left(BUCKETS, seconds)] += 1

    def scored(self, rows: int, unusual: int) -> None:
        """Count scored rows, and those of them out of the training's distribution."""
        self._values[self._first + ROWS] += rows
        self._values[self._first + UNUSUAL] += unusual

    def totals(self) -> list[float]:
        """Return each counter's sum over the processes."""
        return [sum(self._values[place::_WIDTH]) for place in range(_WIDTH)]

    def text(self) -> bytes:
        """Return the exposition."""
        totals = self.totals()
        times = list(itertools.accumulate(totals[_BUCKETS_AT:]))
        lines = [
            "# TYPE atoll_rows_total counter",
            f"atoll_rows_total {totals[ROWS]:.0f}",
            "# TYPE atoll_out_of_distribution_rows_total counter",
            f"atoll_out_of_distribution_rows_total {totals[UNUSUAL]:.0f}",
            "# TYPE atoll_requests_total counter",
            *(f'atoll_requests_total{{status="{each}"}} {totals[_STATUS_AT[each]]:.0f}' for each in STATUSES),
            "# TYPE atoll_request_seconds histogram",
            *(
                f'atoll_request_seconds_bucket{{le="{bound}"}} {count:.0f}'
                for bound, count in zip([*BUCKETS, "+Inf"], times, strict=True)
            ),
            f"atoll_request_seconds_sum {totals[SECONDS]:.6f}",
            f"atoll_request_seconds_count {times[-1]:.0f}",
        ]
        return "\n".join([*lines, ""]).encode()
