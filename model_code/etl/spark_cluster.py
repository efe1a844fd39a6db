"""The hosts of a job as one Spark standalone cluster: a Master and the driver on the first, a Worker on each.

https://spark.apache.org/docs/latest/spark-standalone.html
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from subprocess import Popen, TimeoutExpired
from threading import Event, Thread
from typing import Any

from model_code import orphans
from model_code.errors import InputError
from model_code.hosts import Hosts, address_of

PORT = 7077
LOST_SECONDS = 30
"""How long a host may have no executor: a Worker starts one anew in a few seconds, a lost Worker never."""
_GRACE_SECONDS = 10
_DEPLOY = "org.apache.spark.deploy"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Executor:
    """What the driver knows of an executor, one that has ended too."""

    host: str
    active: bool
    tasks: int


def spark_environment(hosts: Hosts, scratch: Path) -> dict[str, str]:
    """What Spark's processes need to know on this host; an executor gets half of the machine's memory unless told."""
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return {
        "SPARK_EXECUTOR_MEMORY": os.environ.get("SPARK_EXECUTOR_MEMORY", f"{half >> 20}m"),
        "SPARK_LOCAL_DIRS": str(scratch),
        "SPARK_LOCAL_HOSTNAME": hosts.own,
        "SPARK_LOCAL_IP": address_of(hosts.own, seconds=hosts.join_seconds) or hosts.own,
    }


@contextmanager
def master(hosts: Hosts, scratch: Path) -> Generator[str]:
    """Spark's Master on this host; its address.

    Raises:
        InputError: it doesn't come.
    """
    arguments = ["--host", hosts.own, "--port", str(PORT), "--webui-port", "0"]
    with _daemon(f"{_DEPLOY}.master.Master", arguments, spark_environment(hosts, scratch)) as process:
        ends = time.monotonic() + hosts.join_seconds
        while not _listens(hosts.own):
            if process.poll() is not None or time.monotonic() > ends:
                raise InputError(f"Spark's Master on {hosts.own} doesn't listen on port {PORT}; the log says why.")
            time.sleep(0.2)
        yield f"spark://{hosts.own}:{PORT}"


@contextmanager
def worker(hosts: Hosts, scratch: Path) -> Generator[Popen[bytes]]:
    """Spark's Worker on this host, for all of its processors."""
    arguments = ["--host", hosts.own, "--webui-port", "0", "--work-dir", str(scratch / "work")]
    argv = [*arguments, f"spark://{hosts.first}:{PORT}"]
    with _daemon(f"{_DEPLOY}.worker.Worker", argv, spark_environment(hosts, scratch)) as process:
        yield process


@contextmanager
def _daemon(name: str, arguments: list[str], environment: dict[str, str]) -> Generator[Popen[bytes]]:
    from pyspark.find_spark_home import _find_spark_home  # noqa: PLC0415 (the model image has DuckDB only)

    program = Path(_find_spark_home()) / "bin/spark-class"
    process = orphans.start([str(program), name, *arguments], os.environ | environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except TimeoutExpired:
            process.kill()
            process.wait()


def _listens(host: str) -> bool:
    with suppress(OSError), create_connection((host, PORT), timeout=1):
        return True
    return False


def executors(session: Any) -> list[Executor]:  # noqa: ANN401 (Spark's own, by Py4J)
    """All that have been there, from Spark's books."""
    seen = session.sparkContext._jsc.sc().statusStore().executorList(False)  # noqa: FBT003, SLF001 (pyspark has no way)
    every = [seen.apply(number) for number in range(seen.size())]
    return [
        Executor(each.hostPort().rpartition(":")[0], each.isActive(), each.totalTasks())
        for each in every
        if each.id() != "driver"
    ]


def lacking(hosts: Hosts, session: Any) -> list[str]:  # noqa: ANN401 (the same)
    """The hosts that have no executor at this moment."""
    active = {each.host for each in executors(session) if each.active}
    return [name for name in hosts.names if name not in active]


@contextmanager
def all_at_work(hosts: Hosts, session: Any) -> Generator[None]:  # noqa: ANN401 (the same)
    """Within this block every host computes; when one is lost, Spark tries again, for LOST_SECONDS.

    Raises:
        InputError: a host didn't come, or was lost.
    """
    ends = time.monotonic() + hosts.join_seconds
    while missing := lacking(hosts, session):
        if time.monotonic() > ends:
            raise InputError(
                f"Spark has no executor on {', '.join(missing)} after {hosts.join_seconds} seconds: its Worker didn't "
                "come, or spark.executor.memory is more than the machine has. Each host's log says what it saw."
            )
        time.sleep(0.2)
    logger.info("Spark has an executor on each host", extra={"facts": {"hosts": hosts.names}})
    ended = Event()
    Thread(target=_watch, args=(hosts, session, ended), daemon=True).start()
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        lost = sorted({each.host for each in executors(session) if not each.active})
        if not lost:
            raise
        said = " ".join(str(error).splitlines()[:2])  # what was called, and Java's own sentence
        raise InputError(
            f"Spark lost the executors of {', '.join(lost)}: out of memory, or the host is gone. Each host's log says "
            f"what it saw last; a new job can be started as it is. Spark says: {said}"
        ) from error
    finally:
        ended.set()
        tasks: Counter[str] = Counter()
        for each in executors(session):
            tasks[each.host] += each.tasks
        logger.info("tasks of Spark by host", extra={"facts": {"tasks": tasks}})


def _watch(hosts: Hosts, session: Any, ended: Event) -> None:  # noqa: ANN401 (the same)
    """End Spark's jobs, so that none waits for a host that doesn't come back."""
    complete = time.monotonic()
    while not ended.wait(1):
        if not lacking(hosts, session):
            complete = time.monotonic()
        elif time.monotonic() - complete > LOST_SECONDS:
            session.sparkContext.cancelAllJobs()
