"""The two engines that the same Ibis expressions run on: DuckDB inside the process, or Spark.

Only reading, holding on to a step's result, and ending differ; what is computed never does.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl import spark_cluster
from model_code.etl.handover import hand_over
from model_code.features.windows import Keep, keeping
from model_code.hosts import ALONE, Hosts

DUCKDB_MEMORY = "1GB"
"""What DuckDB may hold; the rest it spills to files. The process needs about as much again at the most."""

BATCH_ROWS = 100_000

SPARK_OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
}
"""No web page, days that no time zone moves, rows handed over as Arrow. The rest stays as Spark has it, or as its own
file says (spark-defaults.conf in SPARK_CONF_DIR)."""
SPARK_DRIVER_MEMORY = "2g"
"""What the driver's Java may hold, where SPARK_DRIVER_MEMORY doesn't say otherwise."""


@dataclass(frozen=True)
class Engine:
    """One of the two, connected.

    `keep` computes a table once; who asks for its rows later gets the same. `rows` hands a table's rows over.
    """

    name: str
    backend: BaseBackend
    keep: Keep
    rows: Callable[[Table], pa.Table]

    def read(self, path: Path) -> Table:
        """The rows of a Parquet file; on a cluster, it stands at the same path on every host."""
        # DuckDB would take a folder `day=5` for a column and put it in place of the file's own; Spark does so below
        # what it is handed alone. No URI: both engines take a `%20` as it stands.
        options: dict[str, Any] = {"hive_partitioning": False} if self.name == "duckdb" else {}
        return self.backend.read_parquet(f"file://{path.resolve()}", **options)

    def size(self, table: Table) -> int:
        """How many rows a table has."""
        return self.rows(table.aggregate(rows=table.count()))["rows"][0].as_py()

    def counts(self, table: Table, column: str) -> dict[Any, int]:
        """How many rows have each value of a column, the most frequent first."""
        counted = table.group_by(column).agg(rows=table.count())
        rows = self.rows(counted.order_by(ibis.desc("rows"), column))
        return dict(zip(rows[column].to_pylist(), rows["rows"].to_pylist(), strict=True))


def batches(engine: Engine, table: Table) -> Iterator[pa.RecordBatch]:
    """DuckDB hands a table's rows over a part at a time; Ibis 12 calls for that what DuckDB 2 no longer has."""
    connection = cast("Any", engine.backend).con
    yield from connection.sql(str(engine.backend.compile(table))).to_arrow_reader(BATCH_ROWS)


@contextmanager
def duckdb_engine(scratch: Path, _hosts: Hosts = ALONE) -> Generator[Engine]:
    """DuckDB in memory on this host alone, within DUCKDB_MEMORY; what doesn't fit, it spills below `scratch`."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        backend = ibis.duckdb.connect(
            memory_limit=DUCKDB_MEMORY,
            temp_directory=folder,
            preserve_insertion_order=False,
            # Its order of joins builds hash tables of the widest rows: as written takes less than half the time.
            disabled_optimizers="join_order",
        )
        try:
            yield Engine(
                "duckdb",
                backend,
                keep=keeping(backend),
                rows=backend.to_pyarrow,
            )
        finally:
            backend.disconnect()


def expect_java() -> None:
    """See that Spark will find a Java, before a ledger is read for it.

    Raises:
        InputError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    if not shutil.which(java):
        raise InputError(
            f"--engine spark needs Java 17 or 21, and there is no program {java!r} here: install one (on Debian "
            "openjdk-17-jre-headless), correct JAVA_HOME, or leave --engine out, which is DuckDB."
        )


@contextmanager
def spark_engine(scratch: Path, hosts: Hosts) -> Generator[Engine]:
    """Spark on all hosts of the job, the ledger of `scratch` on each; what it keeps is kept on disk.

    Alone, the master is what SPARK_MASTER names, or threads of this machine.

    Raises:
        InputError: pyspark isn't installed: the model image has DuckDB only; or a host didn't come or was lost.
    """
    try:
        from pyspark import StorageLevel  # noqa: PLC0415 (the model image has DuckDB only)
        from pyspark.sql import SparkSession  # noqa: PLC0415 (the same)
    except ModuleNotFoundError:
        raise InputError(
            "--engine spark needs pyspark and Java 17 (docs/decisions/0005); this image has DuckDB only."
        ) from None
    os.environ.setdefault("SPARK_DRIVER_MEMORY", SPARK_DRIVER_MEMORY)
    with ExitStack() as running:
        master = running.enter_context(_cluster(scratch, hosts) if hosts.several else _one_master())
        builder = SparkSession.Builder().master(master).appName("atoll-etl")
        for name, value in (SPARK_OPTIONS | {"spark.local.dir": str(scratch)}).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        running.callback(session.stop)
        session.sparkContext.setLogLevel("ERROR")
        if hosts.several:
            running.enter_context(spark_cluster.all_at_work(hosts, session))
        backend = ibis.pyspark.connect(session)
        numbers = count()

        def keep(table: Table) -> Table:
            name = f"kept_{next(numbers)}"
            kept = session.sql(backend.compile(table)).localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)
            kept.createOrReplaceTempView(name)
            return backend.table(name)

        # Ibis' own way to Arrow leads through pandas, and pyspark 4 warns of what it does with pandas 3.
        yield Engine("spark", backend, keep=keep, rows=lambda table: session.sql(backend.compile(table)).toArrow())


@contextmanager
def _one_master() -> Generator[str]:
    master = os.environ.get("SPARK_MASTER", "local[*]")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1" if master.startswith("local") else "0.0.0.0")  # noqa: S104 (a cluster's driver is called by its workers)
    yield master


@contextmanager
def _cluster(scratch: Path, hosts: Hosts) -> Generator[str]:
    os.environ |= spark_cluster.spark_environment(hosts, scratch)
    with spark_cluster.master(hosts, scratch) as master, spark_cluster.worker(hosts, scratch):
        hand_over(scratch)
        yield master


ENGINES: dict[str, Callable[[Path, Hosts], AbstractContextManager[Engine]]] = {
    "duckdb": duckdb_engine,
    "spark": spark_engine,
}
