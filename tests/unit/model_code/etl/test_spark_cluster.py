"""What is made of Spark's books, with a fake session; the real Spark is in tests/contract/etl."""

import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from model_code.errors import InputError
from model_code.etl import spark_cluster
from model_code.etl.spark_cluster import all_at_work, lacking, spark_environment
from model_code.hosts import Hosts

HOSTS = Hosts(["127.9.9.1", "127.9.9.2"], 0, join_seconds=0)


@dataclass
class Summary:
    host: str
    active: bool = True
    name: str = "0"

    def hostPort(self) -> str:  # noqa: N802 (Spark's name)
        return f"{self.host}:4711"

    def isActive(self) -> bool:  # noqa: N802 (the same)
        return self.active

    def totalTasks(self) -> int:  # noqa: N802 (the same)
        return 3

    def id(self) -> str:
        return self.name


@dataclass
class FakeSession:
    """As far as Spark's books go: session.sparkContext._jsc.sc().statusStore().executorList(False)."""

    books: list[Summary]
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def sparkContext(self) -> Any:  # noqa: N802, ANN401 (Spark's name)
        return self

    @property
    def _jsc(self) -> Any:  # noqa: ANN401 (the same)
        return self

    def sc(self) -> Any:  # noqa: ANN401 (the same)
        return self

    statusStore = sc  # noqa: N815 (the same)

    def executorList(self, active_only: bool) -> Any:  # noqa: N802, ANN401, FBT001 (the same)
        assert not active_only
        return self

    def size(self) -> int:
        return len(self.books)

    def apply(self, number: int) -> Summary:
        return self.books[number]

    def cancelAllJobs(self) -> None:  # noqa: N802 (the same)
        self.cancelled.set()


def complete() -> FakeSession:
    return FakeSession([Summary(HOSTS.first, name="driver"), *(Summary(name) for name in HOSTS.names)])


def test_a_driver_is_no_executor() -> None:
    session = FakeSession([Summary(HOSTS.first, name="driver"), Summary(HOSTS.names[1])])
    assert lacking(HOSTS, session) == [HOSTS.first]


def test_a_host_that_does_not_come_is_named() -> None:
    session = FakeSession([Summary(HOSTS.first)])
    expected = f"no executor on {HOSTS.names[1]} after 0 seconds"
    with pytest.raises(InputError, match=expected), all_at_work(HOSTS, session):
        pytest.fail("It began without the other host.")


def test_the_log_says_what_each_host_did(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), all_at_work(HOSTS, complete()):
        pass
    [told] = [record for record in caplog.records if record.message == "tasks of Spark by host"]
    assert getattr(told, "facts", {})["tasks"] == {"127.9.9.1": 3, "127.9.9.2": 3}


@pytest.mark.long
def test_a_host_that_does_not_come_back_ends_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_cluster, "LOST_SECONDS", 0)
    session = complete()
    with all_at_work(HOSTS, session):
        assert not session.cancelled.wait(1.5)  # as long as all are there, nothing is cancelled
        session.books.pop()
        assert session.cancelled.wait(10)


def lose_one_and_fail(session: FakeSession, error: Exception) -> None:
    session.books[2].active = False
    raise error


def test_an_error_after_a_loss_is_told_as_the_loss() -> None:
    session = complete()
    error = RuntimeError("An error occurred while calling o1.x.\n: Checkpoint block not found\n\tat java.lang.Thread")
    expected = r"lost the executors of 127\.9\.9\.2: .* Spark says: An error .* Checkpoint block not found$"
    with pytest.raises(InputError, match=expected), all_at_work(HOSTS, session):
        lose_one_and_fail(session, error)


def test_a_refused_ledger_is_told_as_that_also_after_a_loss() -> None:
    session = complete()
    with pytest.raises(InputError, match=r"^The live period is empty\.$"), all_at_work(HOSTS, session):
        lose_one_and_fail(session, InputError("The live period is empty."))


def test_an_error_without_a_loss_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), all_at_work(HOSTS, complete()):
        raise ZeroDivisionError


def test_an_executor_gets_half_of_the_machine_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPARK_EXECUTOR_MEMORY", raising=False)
    environment = spark_environment(HOSTS, tmp_path)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert environment["SPARK_EXECUTOR_MEMORY"] == f"{machine // 2 // 2**20}m"
    assert environment["SPARK_LOCAL_IP"] == environment["SPARK_LOCAL_HOSTNAME"] == HOSTS.own
    monkeypatch.setenv("SPARK_EXECUTOR_MEMORY", "3g")
    assert spark_environment(HOSTS, tmp_path)["SPARK_EXECUTOR_MEMORY"] == "3g"
