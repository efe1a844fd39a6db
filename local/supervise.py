"""`python -m local.supervise [--parent PID] -- <command>`: runs a command that can't outlive its owner.

The command gets a process group of its own. The supervisor ends the whole group (SIGTERM, after a while SIGKILL)
when it's told to stop, when the command's first process ends, and, by Linux' parent-death signal, when the
process that started it (`--parent`) dies in whatever way. A program such as `mlflow server` starts children of its
own, which the parent-death signal alone wouldn't reach.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PYTHON = (sys.executable, "-X", "faulthandler")
"""The interpreter for Python children."""

GRACE_SECONDS = 8.0
"""Between SIGTERM and SIGKILL."""

_PR_SET_PDEATHSIG = 1
_PARENT = "--parent"

# The parent-death signal comes when the *thread* that started the child ends, so one thread lasts as long as we do.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="supervise")


def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    folder: Path | None = None,
    outlive_parent: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `command` under a supervisor in `folder`, its output going to the end of `log`.

    Ending the returned process (the supervisor) ends everything that the command started; `stop` does it with a bound.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    options = [] if outlive_parent else [_PARENT, str(os.getpid())]
    argv = [sys.executable, str(Path(__file__).resolve()), *options, "--", *command]
    with log.open("ab") as output:
        return _starter.submit(
            lambda: subprocess.Popen(
                argv,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ).result()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a supervisor and all that it runs; returns when they're gone."""
    process.terminate()
    try:
        process.wait(timeout=GRACE_SECONDS + 4)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=4)


def failure(process: subprocess.Popen[bytes], name: str, log: Path, *, seconds: float) -> str:
    """Wait for a started command; a sentence with the end of its log when it failed or took longer, else nothing.

    One that took longer still runs.
    """
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        code = None
    if code == 0:
        return ""
    what = f"took longer than {seconds:.0f} s" if code is None else f"failed (exit code {code})"
    return f"`{name}` {what}. The end of {log}:\n{tail(log)}"


def tail(log: Path, *, lines: int = 25) -> str:
    """The last lines of a log, for an error's text."""
    if not log.is_file():
        return f"(no log at {log})"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def main(arguments: Sequence[str]) -> int:
    """Run the command after `--`; returns its exit code."""
    split = list(arguments).index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    # No handlers: the kernel tells of an owner's death once for each of its threads, and a second signal would break
    # off what a first one's handler began.
    awaited = {signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _PARENT in options:
        _follow(int(options[options.index(_PARENT) + 1]))
    child = subprocess.Popen(
        command,
        process_group=0,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited),  # noqa: PLW1509 - one thread here
    )
    told = False
    while not told and child.poll() is None:
        told = signal.sigwait(awaited) == signal.SIGTERM
    end_group(child)
    return 128 + signal.SIGTERM if told else child.returncode


def _follow(parent: int) -> None:
    """Ask the kernel for SIGTERM when `parent` dies; leave at once if it died already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a process that leads its group, and the group: SIGTERM, after `GRACE_SECONDS` SIGKILL."""
    deadline = time.monotonic() + GRACE_SECONDS
    _signal_group(child.pid, signal.SIGTERM)
    while time.monotonic() < deadline and _signal_group(child.pid, 0):
        child.poll()  # reaps it: an unreaped process keeps its group alive
        time.sleep(0.05)
    _signal_group(child.pid, signal.SIGKILL)


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
