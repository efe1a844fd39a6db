"""One server process per CPU, forked when the model is loaded: they share its memory and one listening socket."""

import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from model_code.errors import InputError
from model_code.orphans import end_with_parent

SHORTEST_LIFE = 5.0
"""Seconds; a process that ends by itself any sooner isn't started again."""

ENDING = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


def listen(address: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        InputError: the address can't be had.
    """
    try:
        listener = socket.create_server((address, port), backlog=2048)
    except OSError as error:
        raise InputError(
            f"The server can't listen on {address}:{port}: {os.strerror(error.errno or 0).lower()}."
        ) from None
    listener.set_inheritable(True)
    return listener


def run_processes(count: int, work: Callable[[int], None]) -> None:
    """Run `work(0)` here, or `work(number)` in each of `count` forked processes until SIGTERM or SIGINT ends them.

    A process that ends by itself is started again.

    Raises:
        InputError: one ended as soon as it had begun.
    """
    if count == 1:
        work(0)
        return
    children = _Children(work)
    for each in ENDING:
        signal.signal(each, children.end)
    for number in range(count):
        children.start(number)
    children.watch()


class _Children:
    def __init__(self, work: Callable[[int], None]) -> None:
        self._work = work
        self._running: dict[int, tuple[int, float]] = {}
        self._ending = False

    def start(self, number: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until parent and child know which of them they are
        if not self._ending:
            child = os.fork()
            if child == 0:
                self._be(number)
            self._running[child] = number, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def _be(self, number: int) -> NoReturn:
        """Do the work as a child; nothing of the parent's stack goes on in it."""
        code = 1
        end_with_parent()
        try:
            for each in ENDING:
                signal.signal(each, _exit)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            self._work(number)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            logger.exception("unexpected")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def end(self, _signal: int, _frame: FrameType | None) -> None:
        """Let the children end; each answers first what it has begun."""
        self._ending = True
        for child in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    def watch(self) -> None:
        """Wait until all children have ended, starting anew those that end by themselves."""
        failed = False
        while self._running:
            child, status = os.wait()
            number, since = self._running.pop(child)
            if self._ending:
                continue
            logger.error("a server process ended", extra={"facts": {"process": number, "status": status}})
            if time.monotonic() - since < SHORTEST_LIFE:
                failed = True
                self.end(signal.SIGTERM, None)
            else:
                self.start(number)
        if failed:
            raise InputError("A server process ended as soon as it had begun; its log says why.")


def _exit(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
