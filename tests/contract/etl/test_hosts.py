"""Several instances are one Spark: the ledger gets to each, all compute, and a host that is lost ends the job."""

import json
import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_code.features.views import BATCH
from tests.contract.etl.hosts import Hosts
from tests.contract.etl.outputs import ROWS, etl, odd_ledger, rows_of, unlike
from tests.contract.etl.spark import small_cluster

ON_TWO_HOSTS = "Spark on two hosts"
ALL_AT_WORK = "Spark has an executor on each host"
ARGUMENTS = ["--engine", "spark", "--view", BATCH.name]


@contextmanager
def two_hosts(folder: Path, ledger: bytes) -> Generator[Hosts]:
    hosts = Hosts(folder, ledger, small_cluster(folder / "conf"))
    try:
        for _ in hosts.roots:
            hosts.start_etl(*ARGUMENTS)
        yield hosts
    finally:
        hosts.end()


def running(folder: Path) -> list[str]:
    """The programs whose temporary files lie in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def expect_none_left(folder: Path) -> None:
    ends = time.monotonic() + 20
    while left := running(folder / "tmp"):
        assert time.monotonic() < ends, left
        time.sleep(0.2)


def tasks_by_host(log: str) -> dict[str, int]:
    return next(json.loads(line)["tasks"] for line in log.splitlines() if '"tasks of Spark by host"' in line)


@pytest.mark.share(1, among=ON_TWO_HOSTS)
@pytest.mark.timeout(400)
def test_two_hosts_write_what_one_machine_writes(tmp_path: Path) -> None:
    ledger = odd_ledger()
    with two_hosts(tmp_path, ledger) as hosts:
        expected = etl(tmp_path / "duckdb", ledger, ["model_code.container", "etl", "--view", BATCH.name], {})
        assert hosts.codes() == [0, 0], hosts.logs()
        tasks = tasks_by_host((hosts.roots[0] / "log").read_text())
    assert set(tasks) == {root.name for root in hosts.roots}
    assert min(tasks.values()) > 0
    rows = rows_of(hosts.output(0))
    assert len(rows) > 0.8 * ROWS
    assert unlike(rows_of(expected), rows) == set()
    assert (hosts.output(0) / "live/live.csv").read_bytes() == (expected / "live/live.csv").read_bytes()
    assert not hosts.output(1).exists()
    expect_none_left(tmp_path)


@pytest.mark.share(1, among=ON_TWO_HOSTS)
@pytest.mark.timeout(400)
def test_the_other_host_ends_when_the_first_is_killed(tmp_path: Path) -> None:
    with two_hosts(tmp_path, odd_ledger()) as hosts:
        hosts.wait_for_word(0, ALL_AT_WORK)
        assert len(running(tmp_path / "tmp")) >= 6  # two programs, a driver, a Master, two Workers
        hosts.processes[0].kill()
        assert hosts.processes[1].wait(20) == 0, hosts.logs()
        expect_none_left(tmp_path)


@pytest.mark.share(1, among=ON_TWO_HOSTS)
@pytest.mark.timeout(400)
def test_a_worker_lost_on_the_way_fails_the_job_with_a_sentence(tmp_path: Path) -> None:
    with two_hosts(tmp_path, odd_ledger()) as hosts:
        hosts.wait_for_word(0, "computed ")  # from then on Spark has kept tables, a part of them on the other host
        [worker] = hosts.children(1)
        os.kill(worker, signal.SIGKILL)
        assert hosts.processes[1].wait(20) == 1
        assert hosts.processes[0].wait(90) == 1
        other = hosts.roots[1]
        assert f"Spark's Worker on {other.name} ended with -9 before the job did" in hosts.message(1)
        assert f"Spark lost the executors of {other.name}" in hosts.message(0)
        assert "a new job can be started" in hosts.message(0)
        assert "Traceback" not in hosts.message(0)
        expect_none_left(tmp_path)
