"""One set-up at a time in a checkout: the kernel holds the lock, and frees it when its holder ends in whatever way."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from provision import InstallError
from provision.installer import HERE, ROOT


@contextmanager
def alone() -> Generator[None]:
    """Hold the checkout's set-up while the block runs.

    This folder itself is locked: nothing is left behind, and who clears `build` or .venv frees nothing.

    Raises:
        InstallError: somebody else holds it.
    """
    folder = os.open(HERE, os.O_RDONLY)
    try:
        _lock(folder)
        yield
    finally:
        os.close(folder)


def _lock(folder: int) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        raise InstallError(
            f"Another `make` installs packages in {ROOT} at this moment. Two at once would spoil each other's files, so"
            " this one did nothing. Wait until that one is through with its set-up, then run yours again."
        ) from held
