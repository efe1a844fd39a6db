"""A set-up that is killed frees the checkout at once, though what it started may go on for a while."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provision import InstallError, alone
from tests.tracked import ROOT

HOLD = """
import subprocess, sys
from pathlib import Path
from provision import alone
alone.HERE = Path(sys.argv[1])
with alone.alone():
    print(subprocess.Popen(["sleep", "60"], close_fds=False).pid, flush=True)
    sys.stdin.read()
"""


def test_a_killed_set_up_leaves_its_lock_to_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "HERE", tmp_path)
    argv = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        with pytest.raises(InstallError, match="installs packages in"), alone.alone():
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with alone.alone():
            os.kill(child, 0)
        os.kill(child, signal.SIGTERM)
