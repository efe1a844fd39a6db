import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.serving.contenders import Body, Contender, as_csv, as_npy
from benchmarks.serving.rounds import Round, medians, quiet, ratio
from benchmarks.serving.servers import Running
from benchmarks.serving.targets import Footprint, Target, table, targets

SERVERS = ("atoll", "floor", "mlflow", "mlserver", "bentoml", "fastapi", "in process")
WORKS = ("c8 json", "c8 csv", "c1 json", "10k csv", "10k json", "10k npy")


def one_round(*, ours: float = 1.0, foreign: float = 0.0) -> Round:
    """Every server alike, but ours `ours` times as fast."""
    speeds = {name: ours if name == "atoll" else 1.0 for name in SERVERS}
    return {
        f"{work}/{name}": {
            "rows_per_second": 100 * speed,
            "p50_ms": 1 / speed,
            "p99_ms": 2 / speed,
            "foreign": foreign,
            "requests": 200.0,
            "cpu_seconds": 0.5,
        }
        for work in WORKS
        for name, speed in speeds.items()
    }


def footprints(start: float) -> dict[str, Footprint]:
    return {"atoll": Footprint(start, 40, 200), "mlflow": Footprint(3, 200, 900)}


def test_a_round_with_foreign_load_does_not_count() -> None:
    assert quiet([one_round(foreign=0.5), one_round(ours=2)]) == [one_round(ours=2)]


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    rounds = [one_round(ours=factor) for factor in (10, 30, 2)]
    assert ratio(rounds, "rows_per_second", ("c8 json", "atoll"), ("c8 json", "mlflow")) == 10


def test_a_server_no_faster_than_its_peers_misses_the_speed_targets() -> None:
    missed = {each.name for each in targets([one_round()], footprints(0.5)) if not each.reached}
    assert {name for name in missed if "times" in name or "p99" in name} >= {
        "requests/s at c=8, JSON: times mlflow",
        "10k rows of CSV: times fastapi",
        "p99 at c=8: of the best peer's (mlflow)",
    }


def test_a_much_faster_server_reaches_them_all() -> None:
    assert all(each.reached for each in targets([one_round(ours=40)], footprints(0.5)))


@pytest.mark.parametrize(("at_most", "reached"), [(False, True), (True, False)])
def test_a_target_knows_its_direction(*, at_most: bool, reached: bool) -> None:
    assert Target("x", 1, 2, at_most=at_most).reached is reached


def test_the_table_names_every_server_and_marks_what_was_missed() -> None:
    rounds = [one_round()]
    text = table(medians(rounds), footprints(2), targets(rounds, footprints(2)))
    assert all(f"| {name} |" in text for name in SERVERS)
    assert "| start to /ping: of mlflow's | at most 0.2 | 0.67 | **no** |" in text
    assert text.count("| 2.50 |") == len(SERVERS)  # milliseconds of CPU a request


def test_a_worker_in_a_session_of_its_own_counts_for_its_server() -> None:
    worker = "import time; print(flush=True); time.sleep(60)"
    server = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}], start_new_session=True)"
    with subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        bodies: dict[str, Body] = {}
        running = Running(Contender("x", lambda _: [], "/", bodies, lambda _: []), process, 0, 0.0)
        found = running.pids()
        for pid in found:
            os.kill(pid, signal.SIGKILL)
    assert len(found) == 2


def test_bodies_carry_the_same_numbers() -> None:
    rows = np.array([[1.5, -0.25], [0.0, 3.1415]])
    assert as_csv(rows) == b"1.5000,-0.2500\n0.0000,3.1415\n"
    assert as_npy(rows).startswith(b"\x93NUMPY")
