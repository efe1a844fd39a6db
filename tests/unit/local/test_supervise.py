"""Nothing outlives its owner."""

import os
import re
import signal
import subprocess
import sys
import time
from itertools import chain, repeat
from pathlib import Path

import pytest

from local import supervise
from tests.patience import PATIENCE

pytestmark = pytest.mark.long
FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(900)']); "
SLEEP = FAMILY + "print('up', flush=True); time.sleep(900)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(900)"
)


def group_of(marker: Path) -> list[str]:
    """The processes, other than zombies, whose environment names `marker`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(marker).encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


def start(tmp_path: Path, program: str) -> subprocess.Popen[bytes]:
    log = tmp_path / "log"
    environment = {"MARKER": str(tmp_path), "PATH": os.environ["PATH"]}
    process = supervise.start([sys.executable, "-c", program], environment=environment, log=log)
    deadline = time.monotonic() + PATIENCE
    while "up" not in supervise.tail(log) and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def gone_soon(marker: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while group_of(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not group_of(marker)


def test_stopping_ends_the_commands_children_too(tmp_path: Path) -> None:
    process = start(tmp_path, SLEEP)
    assert len(group_of(tmp_path)) == 3
    supervise.stop(process)
    assert gone_soon(tmp_path)


def test_children_end_when_the_command_ends_by_itself(tmp_path: Path) -> None:
    process = start(tmp_path, FAMILY + "print('up')")
    assert process.wait(timeout=PATIENCE) == 0
    assert gone_soon(tmp_path)


def test_a_command_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "GRACE_SECONDS", 0.2)
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, process_group=0, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        supervise.end_group(child)
        assert child.wait(timeout=10) == -signal.SIGKILL


def test_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    process = supervise.start(
        [sys.executable, "-c", "print('up'); raise SystemExit(7)"], environment={}, log=tmp_path / "log"
    )
    assert process.wait(timeout=PATIENCE) == 7


def test_nothing_survives_an_owner_that_is_killed(tmp_path: Path) -> None:
    owner = (
        "import sys, time; from pathlib import Path; from local import supervise; "
        f"supervise.start([sys.executable, '-c', {SLEEP!r}], environment={{'MARKER': {str(tmp_path)!r}}}, "
        f"log=Path({str(tmp_path / 'log')!r})); time.sleep(900)"
    )
    process = subprocess.Popen([sys.executable, "-c", owner], cwd=Path(__file__).parents[3])
    deadline = time.monotonic() + PATIENCE
    while "up" not in supervise.tail(tmp_path / "log") and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert gone_soon(tmp_path)


def test_nothing_survives_a_supervisor_that_is_told_several_times_at_once(tmp_path: Path) -> None:
    """The kernel does so when an owner with several threads dies: one parent-death signal a thread."""
    for number in range(4):
        process = start(tmp_path / str(number), SLEEP)
        for microseconds in chain.from_iterable(repeat(range(10, 100, 10), 4)):
            process.send_signal(signal.SIGTERM)
            end = time.perf_counter() + microseconds / 1e6
            while time.perf_counter() < end:
                pass
        process.wait(timeout=PATIENCE)
    assert gone_soon(tmp_path)


def test_a_missing_log_has_a_tail_too(tmp_path: Path) -> None:
    assert "no log" in supervise.tail(tmp_path / "nothing.log")


def test_a_supervisor_whose_owner_died_before_it_was_up_starts_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    command = [sys.executable, supervise.__file__, "--parent", str(gone.pid), "--", sys.executable, "-c", "print('up')"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert done.returncode == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("program", "seconds", "told"),
    [
        ("pass", 60, ""),
        ("raise SystemExit('no')", 60, r"`a tool` failed \(exit code 1\)\. The end of .*log:\nno"),
        ("import time; time.sleep(900)", 1, r"`a tool` took longer than 1 s\. The end of .*log:\n"),
    ],
)
def test_a_command_that_does_not_end_well_is_told_of_with_the_end_of_its_log(
    tmp_path: Path, program: str, seconds: float, told: str
) -> None:
    log = tmp_path / "log"
    process = supervise.start([sys.executable, "-c", program], environment={"PATH": os.environ["PATH"]}, log=log)
    try:
        assert re.fullmatch(told, supervise.failure(process, "a tool", log, seconds=seconds))
    finally:
        supervise.stop(process)
