"""Containers as supervised child processes: their output goes to sinks, and none outlives the emulator."""

import atexit
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from local import supervise
from local.sagemaker.errors import JobStoppedError

Sink = Callable[[list[str]], None]
_PROJECT = Path(__file__).resolve().parents[2]
_READER_SECONDS = 5.0
_POLL_SECONDS = 0.05


class Child:
    """A running command. Its lines (stdout and stderr) go to the sinks; the last of them are kept."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, sinks: Iterable[Sink]) -> None:
        self._process, self._log, self._sinks = process, log, tuple(sinks)
        self._tail: deque[str] = deque(maxlen=20)
        self._reader = threading.Thread(target=self._follow, name=f"output-of-{process.pid}", daemon=True)
        self._reader.start()

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll()

    def tail(self) -> str:
        """The last lines it wrote; all of them have arrived once it has ended."""
        if self.exit_code is not None:
            self._reader.join(_READER_SECONDS)
        return "\n".join(self._tail)

    def wait(self, *, seconds: float, stop: threading.Event) -> int:
        """Wait for the end; returns the exit code.

        Raises:
            JobStoppedError: It was ended because `stop` was set or because `seconds` passed.
        """
        deadline = time.monotonic() + seconds
        while self.exit_code is None:
            if stop.wait(_POLL_SECONDS) or time.monotonic() > deadline:
                self.end()
                raise JobStoppedError("Stopped" if stop.is_set() else "MaxRuntimeExceeded")
        self._reader.join(_READER_SECONDS)
        return int(self._process.returncode)

    def end(self) -> None:
        """End it and all that it started, within a bound."""
        supervise.stop(self._process)
        self._reader.join(_READER_SECONDS)

    def _follow(self) -> None:
        with self._log.open("rb") as stream:
            rest, ended = b"", False
            while not ended:
                ended = self.exit_code is not None  # asked before reading: nothing written before the end is missed
                *lines, rest = (rest + stream.read()).split(b"\n")
                self._pass_on([*lines, rest] if ended and rest else lines)
                time.sleep(0 if ended else _POLL_SECONDS)

    def _pass_on(self, lines: list[bytes]) -> None:
        texts = [line.decode(errors="replace") for line in lines]
        self._tail.extend(texts)
        for sink in self._sinks if texts else ():
            sink(texts)


class Children:
    """Starts children and ends those that still run when the emulator exits."""

    def __init__(self) -> None:
        self._children: set[Child] = set()
        atexit.register(self.end_all)

    def start(self, argv: list[str], *, environment: Mapping[str, str], folder: Path, sinks: Iterable[Sink]) -> Child:
        """Start `argv` in `folder` with a minimal environment plus `environment`; its log lies beside the folder."""
        log = folder.with_suffix(".log")
        own = _minimal_environment(folder) | dict(environment)
        child = Child(supervise.start(argv, environment=own, log=log, folder=folder), log, sinks)
        self._children = {other for other in self._children if other.exit_code is None} | {child}
        return child

    def end_all(self) -> None:
        """End every child that still runs."""
        for child in self._children:
            child.end()


def _minimal_environment(folder: Path) -> dict[str, str]:
    """What an isolated container would have: no credentials, no address of AWS, one thread."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(_PROJECT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder.parent),
        "OMP_NUM_THREADS": "1",
    }
