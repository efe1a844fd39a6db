"""One story at a time in a checkout: the kernel holds the lock, and frees it when its holders end in whatever way."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

LOCK = Path(__file__).resolve().parents[2] / "build" / "story.lock"


class AnotherStoryError(RuntimeError):
    """Somebody else tells a story in this checkout, or ends a kept one: the sentence says who, and what to do."""


@contextmanager
def alone(lock: Path) -> Generator[int]:
    """Hold the lock while the block runs; gives its descriptor, for a child that is to hold it, too.

    The file stays: whoever removed it would let a second story lock a new one. Its text, the holder, is for people.

    Raises:
        AnotherStoryError: it is held.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            file.seek(0)
            holder = file.read().strip() or "which just began"
            raise AnotherStoryError(
                f"Another `make story` or `make story-down` works in {lock.parent} (process {holder}). Two at once "
                "would spoil each other's files, so this one did nothing. Wait for it, end it by Ctrl-C where it "
                "runs, or use another clone."
            ) from held
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield file.fileno()
