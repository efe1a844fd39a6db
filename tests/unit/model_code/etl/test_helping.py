"""The other hosts' part, without Spark: a shell stands in for its Worker."""

import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model_code.errors import InputError
from model_code.etl import helping
from model_code.etl.handover import LEDGER, shared_folder
from model_code.etl.helping import help_first
from model_code.hosts import Hosts

HOSTS = Hosts(["127.9.8.1", "127.9.8.2"], 1, join_seconds=0)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str], str], list[str]]:
    """Sets what the first host says and what the Worker does; returns what was done."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def begin(said: list[str], work: str) -> list[str]:
        done: list[str] = []

        def news(_hosts: Hosts) -> Iterator[str]:
            for each in said:
                yield each
                for process in workers:
                    process.wait()

        workers: list[subprocess.Popen[bytes]] = []

        @contextmanager
        def worker(_hosts: Hosts, _scratch: Path) -> Generator[subprocess.Popen[bytes]]:
            done.append("worker")
            workers.append(subprocess.Popen(["sh", "-c", work]))
            yield workers[0]
            done.append("ended")

        def fetch(_hosts: Hosts, sha256: str) -> None:
            done.append(f"fetch {sha256}")
            shared_folder().mkdir()
            (shared_folder() / LEDGER).write_text("ledger")

        monkeypatch.setattr(helping, "news", news)
        monkeypatch.setattr(helping, "worker", worker)
        monkeypatch.setattr(helping, "fetch", fetch)
        return done

    return begin


def test_a_worker_runs_from_the_ledgers_arrival_to_the_first_hosts_end(
    scene: Callable[[list[str], str], list[str]],
) -> None:
    done = scene(["", "", "abc"], "exit 0")
    help_first(HOSTS)
    assert done == ["fetch abc", "worker", "ended"]
    assert not (shared_folder() / LEDGER).exists()


def test_a_first_host_that_ends_before_it_has_a_ledger_is_no_error_here(
    scene: Callable[[list[str], str], list[str]],
) -> None:
    done = scene(["", ""], "exit 0")
    help_first(HOSTS)
    assert done == []


def test_a_worker_that_ends_before_the_job_is_told(scene: Callable[[list[str], str], list[str]]) -> None:
    scene(["abc", "abc"], "exit 3")
    with pytest.raises(InputError, match=r"Worker on 127\.9\.8\.2 ended with 3 before the job did"):
        help_first(HOSTS)
