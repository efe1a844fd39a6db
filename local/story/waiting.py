"""Bounded waiting: every loop of the story has an end and says what it waited for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


class StoryError(RuntimeError):
    """A step did not turn out as promised: the sentence says what happened, what was expected and where to look."""


def wait_for(
    probe: Callable[[], Found | None], what: str, *, seconds: float = 180, hint: Callable[[], str] = lambda: ""
) -> Found:
    """Call `probe` until it returns something other than None, at most for `seconds`.

    Raises:
        StoryError: nothing came in time; the sentence names `what` and ends with `hint()`.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = probe()
        if found is not None:
            return found
        time.sleep(0.25)
    raise StoryError(f"Waited {seconds:.0f} s for {what}, which did not come. {hint()}".strip())
