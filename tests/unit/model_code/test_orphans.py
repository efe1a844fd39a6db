import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model_code import orphans
from tests.patience import PATIENCE

PARENT = """
import os, sys, time
from model_code.orphans import start
child = start(["sleep", "60"], os.environ)
print(child.pid, flush=True)
time.sleep(900)
"""


def program(pid: int) -> str:
    """The name of a process' program, empty when it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    fields = stat.read_text() if stat.exists() else ""
    return "" if ") Z" in fields else fields.partition("(")[2].partition(")")[0]


def wait_for(pid: int, name: str) -> None:
    ends = time.monotonic() + PATIENCE
    while program(pid) != name:
        assert time.monotonic() < ends, program(pid)
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_parent_however_that_ends(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        wait_for(child, "sleep")
        parent.send_signal(how)
        parent.wait(PATIENCE)
    wait_for(child, "")


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    argv = [sys.executable, "-m", "model_code.orphans", "1", "sleep", "60"]
    ended = subprocess.run(argv, check=False, capture_output=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stderr) == (1, b"The parent is gone already.\n")


def test_a_child_is_the_command_itself() -> None:
    with orphans.start(["sh", "-c", 'test "$ATOLL_X" = 1 && exit 7'], os.environ | {"ATOLL_X": "1"}) as child:
        assert child.wait(PATIENCE) == 7
