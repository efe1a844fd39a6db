"""How many rows a caller may still ask for: a token bucket each (https://en.wikipedia.org/wiki/Token_bucket)."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CALLERS = 10_000
"""Of more, the one that was longest silent is forgotten."""
SECONDS = 60


class Budget:
    """Gives each caller `rows` a minute, and never more than that at once."""

    def __init__(self, rows: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rows = rows
        self._clock = clock
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, caller: bytes, rows: int) -> float:
        """Take so many rows off the caller's budget and return 0; or take none and return the seconds to wait.

        A request of more rows than a whole budget passes when the budget is full, and empties it.
        """
        now, price = self._clock(), min(rows, self._rows)
        with self._lock:
            left, then = self._left.get(caller, (float(self._rows), now))
            left = min(self._rows, left + (now - then) * self._rows / SECONDS)
            allowed = left >= price
            self._left[caller] = (left - price if allowed else left, now)
            self._left.move_to_end(caller)
            if len(self._left) > MOST_CALLERS:
                self._left.popitem(last=False)
        return 0.0 if allowed else (price - left) * SECONDS / self._rows
