"""Processes on loopback as the hosts of one training: each its own root, with SageMaker's resourceconfig.json."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 240


class Hosts:
    """The container's `train`, once a host."""

    def __init__(self, folder: Path, features: Path, number: int, hyperparameters: dict[str, str]) -> None:
        # Loopback addresses of this test's own, so that no other training on this machine is in the way.
        net = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"  # noqa: S311 (an address, no secret)
        names = [f"{net}.{host + 1}" for host in range(number)]
        self.roots = [folder / name for name in names]
        self.processes = [self._start(root, features, names, hyperparameters) for root in self.roots]

    def _start(
        self, root: Path, features: Path, names: list[str], hyperparameters: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        config = root / "input/config"
        config.mkdir(parents=True)
        (root / "input/data").mkdir()
        (root / "input/data/features").symlink_to(features)
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        (config / "resourceconfig.json").write_text(json.dumps({"current_host": root.name, "hosts": names}))
        environment = {"ATOLL_ML_ROOT": str(root), "OMP_NUM_THREADS": "1", "ATOLL_JOIN_SECONDS": "60"}
        argv = [sys.executable, "-m", "model_code.container", "train"]
        with (root / "log").open("wb") as log:
            return subprocess.Popen(argv, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)

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
