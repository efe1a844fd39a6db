"""The protocol: short cells, all servers in turn, every second round backwards, noisy rounds dropped."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.contenders import CSV, JSON, MLFLOW, NPY, OURS, PROGRAMS
from benchmarks.serving.environments import ROOT, python
from benchmarks.serving.model import BATCH_ROWS, Subject
from benchmarks.serving.servers import LOAD_CORE, ONE_THREAD, SERVER_CORE, Running, cpu_seconds, machine_seconds

SCRIPT = Path(__file__).parent / "post.lua"
IN_PROCESS = "in process"
MOST_FOREIGN = 0.15
"""Of one core: with more taken by other programs during a cell, its round doesn't count."""
BATCH_SECONDS = 4
"""The least for a cell of large bodies: the slowest server takes more than a second for one."""

Cell = dict[str, float]
Round = dict[str, Cell]


@dataclass(frozen=True)
class Work:
    """One kind of request: the body's kind, rows a body, connections; every server that knows the kind does it."""

    name: str
    kind: str
    rows: int
    connections: int
    only: Sequence[str] = ()

    def takes(self, running: Running) -> bool:
        """Whether a server does this work."""
        named = not self.only or running.contender.name in self.only
        return named and self.kind in running.contender.bodies


WORKS = (
    Work("c8 json", JSON, 1, 8),
    Work("c8 csv", CSV, 1, 8),
    Work("c1 json", JSON, 1, 1),
    Work("10k csv", CSV, BATCH_ROWS, 1),
    Work("10k json", JSON, BATCH_ROWS, 1, only=(OURS, MLFLOW, "mlserver", "bentoml", "fastapi")),
    Work("10k npy", NPY, BATCH_ROWS, 1),
)


class Bench:
    """All servers up, and the bodies on disk for wrk."""

    def __init__(self, servers: Sequence[Running], subject: Subject, folder: Path, seconds: float) -> None:
        self._servers = servers
        self._subject = subject
        self._folder = folder
        self._seconds = seconds
        folder.mkdir(parents=True, exist_ok=True)
        for work in WORKS:
            for server in filter(work.takes, servers):
                body = server.contender.bodies[work.kind].encode(subject.rows[: work.rows])
                self._body(work, server).write_bytes(body)

    def warm_up(self) -> None:
        """Let every server do every work for a moment."""
        for work in WORKS:
            for server in filter(work.takes, self._servers):
                self._load(work, server, seconds=1)

    def one_round(self, *, backwards: bool) -> Round:
        """Measure every cell once; a key is `<work>/<server>`."""
        cells: dict[str, Callable[[], Cell]] = {}
        for work in WORKS:
            for server in filter(work.takes, self._servers):
                cells[f"{work.name}/{server.contender.name}"] = lambda w=work, s=server: self._load(w, s)
        cells[f"10k npy/{IN_PROCESS}"] = self._in_process
        names = list(cells)[:: -1 if backwards else 1]
        return {name: self._watched(cells[name]) for name in names}

    def _watched(self, cell: Callable[[], Cell]) -> Cell:
        """Measure how much of a core others took meanwhile."""
        own = [pid for server in self._servers for pid in server.pids()]
        before = machine_seconds(), cpu_seconds(own) + _children(), time.monotonic()
        measured = cell()
        after = machine_seconds(), cpu_seconds(own) + _children(), time.monotonic()
        foreign = (after[0] - before[0]) - (after[1] - before[1])
        return {**measured, "foreign": round(max(0.0, foreign) / (after[2] - before[2]), 3)}

    def _load(self, work: Work, server: Running, *, seconds: float | None = None) -> Cell:
        body = server.contender.bodies[work.kind]
        env = {**os.environ, "BODY": str(self._body(work, server)), "MEDIA_TYPE": body.media_type}
        duration = max(BATCH_SECONDS if work.rows > 1 else 1, round(seconds or self._seconds))
        options = ["-t1", f"-c{work.connections}", f"-d{duration}s", "--timeout", "30s", "-s", str(SCRIPT)]
        argv = ["taskset", "-c", LOAD_CORE, "wrk", *options, server.url(body)]
        pids = server.pids()
        before = cpu_seconds(pids)
        output = subprocess.run(argv, env=env, check=True, capture_output=True, text=True, timeout=120).stdout
        cell = json.loads(output.partition("JSON")[2])
        cell["cpu_seconds"] = round(cpu_seconds(pids) - before, 2)  # what other programs take hardly changes it
        if cell["failed"] or not cell["requests"]:
            sys.exit(f"{server.contender.name}, {work.name}: {cell}; nothing that fails is compared.")
        if work.rows > 1:  # by latency: a body unfinished at the cell's end would count against a slow server
            return {**cell, "rows_per_second": work.connections * work.rows / cell["mean_ms"] * 1e3}
        return {**cell, "rows_per_second": cell["requests"] / cell["seconds"]}

    def _in_process(self) -> Cell:
        program = [python(OURS), PROGRAMS / "in_process.py"]
        given = [self._subject.root / "model", self._subject.rows_file, str(self._seconds)]
        argv = ["taskset", "-c", SERVER_CORE, *program, *given]
        env = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(argv, env=env, check=True, capture_output=True, text=True, timeout=120)
        return {"rows_per_second": float(done.stdout)}

    def _body(self, work: Work, server: Running) -> Path:
        return self._folder / f"{server.contender.name}-{work.kind}-{work.rows}"


def quiet(rounds: Sequence[Round]) -> list[Round]:
    """Return the rounds in which no cell lost more than `MOST_FOREIGN` of a core to other programs."""
    return [each for each in rounds if max(cell["foreign"] for cell in each.values()) <= MOST_FOREIGN]


def ratio(rounds: Sequence[Round], value: str, over: tuple[str, str], under: tuple[str, str]) -> float:
    """Return the median of the rounds' ratios of `value` between two cells, each (work, server)."""
    first, second = "/".join(over), "/".join(under)
    return statistics.median(each[first][value] / each[second][value] for each in rounds)


def medians(rounds: Sequence[Round]) -> Mapping[str, Cell]:
    """Return each cell's median over the rounds."""
    return {
        name: {value: statistics.median(each[name][value] for each in rounds) for value in rounds[0][name]}
        for name in rounds[0]
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    mine = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime + mine.ru_utime + mine.ru_stime
