"""The story's child processes: run so that none outlives it, watched while they run, and searched for afterwards."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local import supervise
from local.story.scene import ROOT
from local.story.waiting import StoryError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Generator, Mapping, Sequence

    from local.story.narrator import Narrator

LONGEST_SECONDS = 600


def run(command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
    """Run a command in the checkout, its output going to `log`; `run_together` has the bounds."""
    run_together({log: command}, environment=environment)


def run_together(commands: Mapping[Path, Sequence[str]], *, environment: Mapping[str, str]) -> None:
    """Run commands in the checkout at the same time, the output of each going to its log, and wait for all.

    Raises:
        StoryError: one failed or took longer than `LONGEST_SECONDS`; the end of its log is in the sentence. The others
            are ended.
    """
    started = {
        log: supervise.start(command, environment=environment, log=log, folder=ROOT)
        for log, command in commands.items()
    }
    try:
        for log, process in started.items():
            expect_success(process, commands[log], log)
    finally:
        for process in started.values():
            supervise.stop(process)


def expect_success(process: subprocess.Popen[bytes], command: Sequence[str], log: Path) -> None:
    """Wait for a started command.

    Raises:
        StoryError: it failed or took longer than `LONGEST_SECONDS`.
    """
    if failed := supervise.failure(process, " ".join(command[:3]), log, seconds=LONGEST_SECONDS):
        raise StoryError(failed)


@contextmanager
def watching(narrator: Narrator, look: Callable[[], str]) -> Generator[None]:
    """While the block runs, say beside the bar each second what `look` sees; a look that fails says nothing."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1):
            try:
                narrator.progress(look())
            except (BotoCoreError, ClientError, ValueError):
                continue

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join(timeout=5)


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes whose command line or environment names `folder`, but for this one's own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command + environment:
            found.append(f"{entry.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found
