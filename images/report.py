"""What a rehearsal measured, step by step; written after each, so that a failure leaves what was known."""

import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

Step = tuple[str, Callable[[], object]]
"""A name, and work whose result is the step's facts, as JSON can hold them."""


class Report:
    """Runs steps, prints a line for each and keeps their facts in `file`, below the facts of the whole, `about`."""

    def __init__(self, file: Path, about: dict[str, object]) -> None:
        self._file = file
        self._about = about
        self._steps: list[dict[str, object]] = []
        self._begin = time.monotonic()
        self._lock = threading.Lock()
        self._failed = False
        self._ending = False

    def step(self, name: str, work: Callable[[], object]) -> None:
        """Do the work and keep its facts; what it raises goes on to the caller."""
        begin = time.monotonic()
        result, facts = "failed", None
        try:
            facts = work()
            result = "passed"
        finally:
            entry = {"step": name, "result": result, "seconds": round(time.monotonic() - begin, 1), "facts": facts}
            with self._lock:
                self._keep(entry)

    def together(self, *lanes: Sequence[Step]) -> None:
        """Work through the lanes side by side, each in its order.

        After a failure, or when this process is told to end, no lane begins another step.
        """
        with ThreadPoolExecutor(len(lanes)) as pool:
            try:
                for done in [pool.submit(self._lane, lane) for lane in lanes]:
                    done.result()
            finally:
                self._ending = True
        self._ending = False

    def _lane(self, lane: Sequence[Step]) -> None:
        for name, work in lane:
            if not (self._failed or self._ending):
                self.step(name, work)

    def _keep(self, entry: dict[str, object]) -> None:
        sys.stdout.write(f"{entry['step']:<46}{entry['result']:<8}{entry['seconds']:>7.1f} s\n")
        sys.stdout.flush()
        self._steps.append(entry)
        self._failed = any(each["result"] != "passed" for each in self._steps)
        whole = {"passed": not self._failed, "seconds": round(time.monotonic() - self._begin, 1), **self._about}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({**whole, "steps": self._steps}, indent=1) + "\n")
