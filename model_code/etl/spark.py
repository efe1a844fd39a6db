"""Spark: the same expressions over rows that its executors have read and checked, a file of the ledger at a time.

Executors see the ledger at the path that the driver has, and their host has the image that the driver runs in.
"""

import logging
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import accumulate, count
from pathlib import Path
from typing import Any, cast

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from ibis.expr.types import Table
from sqlglot import exp

from model_code.errors import InputError
from model_code.etl.checking import BATCH_ROWS, LINES, REJECTED, Checking
from model_code.etl.engine import ORDER, Answer, Engine
from model_code.etl.mapping import ColumnMapping
from model_code.etl.spread import SparkFile, checked, kept, listed, literal, read_of, repeated

PROJECT = Path(__file__).resolve().parents[2]
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.showConsoleProgress": "false",
    "spark.executorEnv.PYTHONPATH": str(PROJECT),
}
"""No web page, days that no time zone moves, rows handed over as Arrow, our code for the executors. The rest stays as
Spark has it, or as its own file says (spark-defaults.conf)."""
DRIVER_MEMORY = "2g"
"""What the driver's Java may hold, where SPARK_DRIVER_MEMORY doesn't say otherwise."""

logger = logging.getLogger(__name__)


class Spark(Engine):
    """Spark as the master of `session` has it; what it keeps lies on its executors' disks."""

    finds_parts = False

    def __init__(self, session: Any, scratch: Path) -> None:  # noqa: ANN401 (pyspark is no dependency of the image)
        self.session = session
        self.backend = ibis.pyspark.connect(session)
        self._scratch = scratch
        self._numbers = count()

    @contextmanager
    def checked(self, ledger: Path, mapping: ColumnMapping, *, declared: bool) -> Generator["_Everywhere"]:
        """A file is one executor's."""
        files = listed(self.session, f"file://{ledger.resolve()}")
        yield _Everywhere(self, files, Checking(mapping, declared))

    def read(self, path: Path) -> Table:
        """The rows of a Parquet file that every executor sees."""
        return self.backend.read_parquet(literal(f"file://{path.resolve()}"))

    def hold(self, rows: pa.Table) -> Table:
        """Rows that the driver hands out."""
        return self.table(self.session.createDataFrame(rows))

    def keep(self, table: Table) -> Table:
        """Kept by the executors, on disk."""
        return self.table(kept(self._frame(table)))

    def stored(self, table: Table) -> Table:
        """The same."""
        return self.keep(table)

    def numbered(self, rows: Table) -> Table:
        """Each day's rows begin where the day before ended: no executor has to have them all."""
        every = self.keep(rows)
        day = every["transaction_date"].cast("date")
        days = self.rows(every.group_by(day=day).agg(rows=every.count()).order_by("day"))
        first = [0, *accumulate(days["rows"].to_pylist())][:-1]
        begins = self.hold(pa.table({"day": days["day"], "first": pa.array(first, pa.int64())}))
        within = ibis.row_number().over(group_by="day", order_by=ORDER)
        joined = every.mutate(day=day).join(begins, "day").mutate(within=within)
        return self.keep(joined.mutate(row=joined["first"] + joined["within"]).select(*rows.columns, "row"))

    def rows(self, table: Table) -> pa.Table:
        """Ibis' own way to Arrow leads through pandas, and pyspark 4 warns of what it does with pandas 3."""
        return self._frame(table).toArrow()

    def batches(self, table: Table) -> Iterator[pa.RecordBatch]:
        """Executors write the rows into files in their order, which the driver reads one after the other."""
        folder = self._scratch / f"rows-{next(self._numbers)}"
        self._frame(table).write.parquet(f"file://{folder.resolve()}")
        for path in sorted(folder.glob("part-*.parquet")):
            yield from pq.ParquetFile(path).iter_batches(BATCH_ROWS)

    def ask(self, query: str, whole: Table, once: Table) -> Answer:
        """The answer to a query, said in Spark's SQL."""
        numbered = whole.mutate(file=(whole["line"] // LINES).cast("int64"))
        self._frame(numbered).createOrReplaceTempView("whole")
        self._frame(once).createOrReplaceTempView("once")
        return _Answer(self.session.sql(in_sparks_words(query)).toArrow())

    def _frame(self, table: Table) -> Any:  # noqa: ANN401 (Spark's own)
        return self.session.sql(self.backend.compile(table))

    def table(self, frame: Any) -> Table:  # noqa: ANN401 (Spark's own)
        """A frame of Spark's, for expressions."""
        name = f"held_{next(self._numbers)}"
        frame.createOrReplaceTempView(name)
        return self.backend.table(name)


class _Everywhere:
    """A ledger's files, checked by executors."""

    def __init__(self, engine: Spark, files: list[SparkFile], checking: Checking) -> None:
        self._engine, self._files, self._checking = engine, files, checking
        frame = checked(engine.session, files, checking)
        self.read = read_of(frame)
        rows = engine.table(frame.filter("number IS NULL"))
        self.accepted = rows.filter(rows["reason"].isnull()).select("line", *checking.mapping.carried)
        self.rejected = rows.filter(rows["reason"].notnull()).select(*REJECTED.names)

    def repeated(self, places: set[int]) -> Table:
        """A file is read again only where it has some."""
        return self._engine.table(repeated(self._engine.session, self._files, self._checking, places))


class _Answer:
    def __init__(self, found: pa.Table) -> None:
        self._columns = found.columns
        self._names = [f"{at}" for at in range(found.num_columns)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Row by row."""
        return list(zip(*(column.to_pylist() for column in self._columns), strict=True))

    def fetchnumpy(self) -> dict[str, np.ndarray]:
        """Column by column."""
        return dict(zip(self._names, (column.to_numpy() for column in self._columns), strict=True))


def in_sparks_words(query: str) -> str:
    """A query of DuckDB's SQL in Spark's; what SQLGlot says in words of another meaning is said anew."""
    return sqlglot.parse_one(query, read="duckdb").transform(_word).sql("spark")


def _word(node: Any) -> Any:  # noqa: ANN401 (SQLGlot's nodes)
    if isinstance(node, exp.Log):  # log(10, 1000) is less than 3 in Java
        return exp.Anonymous(this="log10", expressions=[node.expression])
    if isinstance(node, exp.DayOfWeekIso):  # Monday is Spark's 0
        return exp.Paren(this=exp.Add(this=exp.func("weekday", node.this), expression=exp.Literal.number(1)))
    if isinstance(node, exp.Anonymous) and node.name.lower() == "hash":  # 32 bits, and 100 million rows
        return exp.func("xxhash64", *node.expressions)
    return node


@contextmanager
def spark_engine(scratch: Path) -> Generator[Engine]:
    """Spark at the master that SPARK_MASTER names, or as threads of this machine.

    Raises:
        InputError: pyspark isn't installed: the model image has DuckDB only.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 (the model image has DuckDB only)
    except ModuleNotFoundError:
        raise InputError(
            "--engine spark needs pyspark and Java 17 (docs/decisions/0005); this image has DuckDB only."
        ) from None
    master = os.environ.get("SPARK_MASTER", "local[*]")
    os.environ.setdefault("SPARK_DRIVER_MEMORY", DRIVER_MEMORY)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1" if master.startswith("local") else "0.0.0.0")  # noqa: S104 (a cluster's driver is called by its workers)
    builder = cast("Any", SparkSession.Builder)().master(master).appName("atoll-etl")
    for name, value in (OPTIONS | {"spark.local.dir": str(scratch)}).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield Spark(session, scratch)
    finally:
        logger.info("tasks of Spark by executor", extra={"facts": {"tasks": _tasks(session)}})
        session.stop()


def _tasks(session: Any) -> dict[str, int]:  # noqa: ANN401 (Spark's own)
    """What each executor did, from Spark's books."""
    seen = session.sparkContext._jsc.sc().statusStore().executorList(False)  # noqa: FBT003, SLF001 (pyspark has no way)
    every = [seen.apply(number) for number in range(seen.size())]
    return {each.id(): each.totalTasks() for each in every if each.totalTasks()}
