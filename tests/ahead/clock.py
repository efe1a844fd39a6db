"""Compiles the clock that is ahead, and starts programs under it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
LIBRARY = Path(__file__).resolve().parents[2] / "build" / "ahead" / "clock.so"
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
DAY = 86_400


class ClockError(Exception):
    """No program can be given another day here; the sentence says why."""


def compile_clock(library: Path) -> Path:
    """Compile the clock; returns the library.

    Raises:
        ClockError: there is no C compiler, or it refused the source.
    """
    library.parent.mkdir(parents=True, exist_ok=True)
    compiler = shlex.split(os.environ.get("CC") or "cc")
    command = [*compiler, *FLAGS, "-o", str(library), str(SOURCE), "-ldl", "-pthread"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise ClockError(f"There is no C compiler {compiler[0]!r}; install gcc, or name one with CC=.") from missing
    if done.returncode:
        raise ClockError(f"{SOURCE.name} doesn't compile (it is for Linux with glibc):\n{done.stderr.strip()}")
    return library


def environment_ahead(library: Path, days: int) -> dict[str, str]:
    """The environment of a program whose calendar is so many days ahead, and of all that it starts with it."""
    return os.environ | {"LD_PRELOAD": str(library), "ATOLL_DAYS_AHEAD": str(days)}


def expect_ahead(environment: dict[str, str], days: int) -> None:
    """Look at the clock of a program in that environment.

    Raises:
        ClockError: it isn't ahead: tests under it would prove nothing.
    """
    without = os.environ | {"LD_PRELOAD": ""}
    ask = [sys.executable, "-c", "import time; print(time.time())"]
    now, ahead = (
        float(subprocess.run(ask, env=e, capture_output=True, check=True).stdout) for e in (without, environment)
    )
    if abs(ahead - now - days * DAY) > DAY / 24:
        raise ClockError(f"The clock should be {days} days ahead and is {(ahead - now) / DAY:.1f}: no test was run.")
