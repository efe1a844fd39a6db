"""Ctrl-C, `kill` and a closed terminal end the story in the same way, once, and with the exit code of their signal."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """Somebody ended the story: `exit_code` is what a shell expects of a program that the signal ended."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def listen() -> None:
    """Raise `Interrupted` in the main thread when one of the signals comes; later ones don't disturb the tidying up."""
    for number in SIGNALS:
        signal.signal(number, _raise)


@contextmanager
def undisturbed() -> Generator[None]:
    """A block that no signal breaks off: what was started is ended in it."""
    former = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGHUP:
        _write_nowhere()
    raise Interrupted(number)


def _write_nowhere() -> None:
    """The terminal is gone: writing to it would fail, and break off the tidying up."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
