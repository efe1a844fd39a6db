"""Processes on loopback as the hosts of one job: each its own root, with SageMaker's resourceconfig.json."""

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from tests.patience import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]


class Hosts:
    """A command of the container, once a host; `config` is SageMaker's folder of settings for this kind of job."""

    def __init__(self, folder: Path, number: int, *, config: str) -> None:
        # Loopback addresses of this test's own, so that no other job on this machine is in the way.
        net = f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(254) + 1}"  # `random` begins anew for each test
        names = [f"{net}.{host + 1}" for host in range(number)]
        self.roots = [folder / name for name in names]
        self.processes: list[subprocess.Popen[bytes]] = []
        for root in self.roots:
            (root / config).mkdir(parents=True)
            content = {"current_host": root.name, "hosts": names}
            (root / config / "resourceconfig.json").write_text(json.dumps(content))

    def start(self, arguments: list[str], environment: dict[str, str], *, within: tuple[str, ...] = ()) -> None:
        """Start the next host, as what `within` runs."""
        root = self.roots[len(self.processes)]
        argv = [*within, sys.executable, "-m", *arguments]
        with (root / "log").open("wb") as log:
            own = environment | {"ATOLL_ML_ROOT": str(root)}
            self.processes.append(subprocess.Popen(argv, cwd=PROJECT, env=os.environ | own, stdout=log, stderr=log))

    def children(self, host: int) -> list[int]:
        """The processes below a host's."""
        task = Path(f"/proc/{self.processes[host].pid}/task/{self.processes[host].pid}/children")
        return [int(pid) for pid in task.read_text().split()] if task.exists() else []

    def wait_for_word(self, host: int, word: str) -> None:
        """Wait until a host's log holds a word."""
        ends = time.monotonic() + PATIENCE
        while word not in (self.roots[host] / "log").read_text():
            assert time.monotonic() < ends, f"{word!r} never came"
            assert self.processes[host].poll() is None, (self.roots[host] / "log").read_text()
            time.sleep(0.05)

    def codes(self) -> list[int]:
        """Wait for all; returns their exit codes."""
        return [process.wait(PATIENCE) for process in self.processes]

    def logs(self) -> str:
        """What all wrote."""
        return "\n".join((root / "log").read_text()[-3000:] for root in self.roots)

    def end(self) -> None:
        """End what still runs."""
        for process in self.processes:
            process.kill()
            process.wait()
