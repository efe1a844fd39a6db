"""Running servers: pinned to core 0, their start timed, their memory read, their whole process tree ended."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.serving.contenders import Body, Contender, Rows
from local.cloud_state import free_ports

START_SECONDS = 120
SERVER_CORE, LOAD_CORE = "0", "1"
SCORE_TOLERANCE = 1e-6
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass
class Running:
    """A server that answers: its process group, its port, and the seconds from its start to the first health answer."""

    contender: Contender
    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    def url(self, body: Body) -> str:
        """Return where a body goes."""
        return f"http://127.0.0.1:{self.port}{body.path}"

    def stop(self) -> None:
        """End the server and all its processes."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)

    def pids(self) -> list[int]:
        """Return the server's process and all that it started, in sessions of their own too (BentoML's worker)."""
        parents = {pid: _parent(pid) for pid in all_pids()}
        found, latest = [self.process.pid], [self.process.pid]
        while latest:
            latest = [pid for pid, parent in parents.items() if parent in latest]
            found += latest
        return found

    def worker_pss_mb(self) -> float:
        """Return the proportional memory of the server's largest process, which is its worker, in MB."""
        return round(max(_pss(pid) for pid in self.pids()) / 1e3, 1)


def start(contender: Contender, log: Path) -> Running:
    """Start a server and wait until it is healthy.

    Raises:
        SystemExit: it ends or isn't healthy within two minutes.
    """
    [port] = free_ports(1)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {**inherited, **ONE_THREAD, "SAGEMAKER_BIND_TO_PORT": str(port), **contender.environment}
    argv = ["taskset", "-c", SERVER_CORE, *contender.command(port)]
    with log.open("wb") as file:
        begin = time.monotonic()
        process = subprocess.Popen(argv, env=env, stdout=file, stderr=file, start_new_session=True, cwd=log.parent)
    running = Running(contender, process, port, 0.0)
    while not _healthy(f"http://127.0.0.1:{port}{contender.health}"):
        if process.poll() is not None or time.monotonic() - begin > START_SECONDS:
            running.stop()
            raise SystemExit(f"{contender.name} doesn't start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.01)
    running.start_seconds = round(time.monotonic() - begin, 3)
    return running


def check_scores(running: Running, rows: Rows, scores: Iterable[float]) -> None:
    """Compare the server's answers to every kind of body with `scores`.

    Raises:
        SystemExit: a difference of more than 1e-6, or another number of scores.
    """
    wanted = np.array(list(scores))
    for kind, body in {} if running.contender.is_floor else running.contender.bodies.items():
        given = {"Content-Type": body.media_type, "Accept": "application/json"}
        request = urllib.request.Request(running.url(body), body.encode(rows), given)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            found = np.array(running.contender.decode(json.load(answer)))
        if found.shape != wanted.shape or not np.abs(found - wanted).max() <= SCORE_TOLERANCE:
            raise SystemExit(f"{running.contender.name} gives other scores for {kind}: {found[:3]}, not {wanted[:3]}.")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that these processes took so far."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def machine_seconds() -> float:
    """Return the CPU time that everything took so far, of both cores."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")


def all_pids() -> list[int]:
    """Return every process of the machine."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return -1


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0


def _healthy(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
        return answer.status == 200  # noqa: PLR2004 - HTTP OK
    return False
