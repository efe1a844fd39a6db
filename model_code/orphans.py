"""No process outlives the one that started it, however suddenly that ends: Linux' parent-death signal.

`python -m model_code.orphans PARENT COMMAND...` becomes COMMAND, which gets SIGTERM when the process PARENT is gone.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from model_code.python import own_program

PR_SET_PDEATHSIG = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the thread that started this process ends; it lasts beyond `exec`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a command that ends when the calling thread does (call it from one that lasts, such as the main one)."""
    argv = own_program(__name__, str(os.getpid()), *command)
    return subprocess.Popen(argv, env=dict(environment), stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    end_with_parent()
    if os.getppid() != int(sys.argv[1]):
        sys.exit("The parent is gone already.")
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 (no shell is wanted)
