"""One host's part of a training over several: a child process, and a parent that always tells how it ended.

When a host is lost, XGBoost may end the processes of the others on the spot, from a thread of its own. So the training
runs in a child; the parent writes the failure file that SageMaker shows, whatever happened to the child.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from model_code.errors import InputError
from model_code.python import own_program
from model_code.training.cluster import Cluster, ClusterError

MARK = "ATOLL_CLUSTER_MEMBER"
"""Set in the child's environment."""


def is_member() -> bool:
    """Whether this process is such a child; it then ends when its parent does, however that ends."""
    if os.environ.get(MARK) != "1":
        return False
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return True


def run_member(cluster: Cluster, root: Path) -> None:
    """Run this host's training in a child.

    Raises:
        InputError: with the child's own sentence, or one about how it ended.
    """
    failure = root / "output/failure"
    failure.unlink(missing_ok=True)
    argv = own_program("model_code.container", "train")
    with subprocess.Popen(argv, env=os.environ | {MARK: "1"}, stdin=subprocess.PIPE) as child:
        try:
            code = child.wait()
        finally:
            child.kill()
    if not code:
        return
    if failure.is_file():
        raise InputError(failure.read_text())
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    raise ClusterError(
        f"The training on host {cluster.hosts[cluster.number]} was ended ({how}) without a word of its own: this host "
        f"ran out of memory, or another of {', '.join(cluster.hosts)} was lost. Each host's log says what it saw last."
    )


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the parent's end of the pipe is gone
    os._exit(1)
