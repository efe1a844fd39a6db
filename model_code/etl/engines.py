"""DuckDB inside the process, and which engine a name means."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.checking import BATCH_ROWS, LINES, REJECTED, Checking, FileRead
from model_code.etl.engine import ORDER, Answer, Engine
from model_code.etl.files import LedgerFile, files_of
from model_code.etl.mapping import ColumnMapping
from model_code.etl.spark import spark_engine
from model_code.features.windows import keeping

__all__ = ["ENGINES", "Engine", "duckdb_engine", "expect_java"]

DUCKDB_MEMORY = "1GB"
"""What DuckDB may hold; the rest it spills to files. The process needs about as much again at the most."""


class DuckDB(Engine):
    """DuckDB in memory on this host alone; what is as long as a ledger lies in files below `folder`."""

    finds_parts = True

    def __init__(self, folder: Path) -> None:
        # Its order of joins builds hash tables of the widest rows: as written takes less than half the time.
        self.backend = ibis.duckdb.connect(
            memory_limit=DUCKDB_MEMORY,
            temp_directory=str(folder),
            preserve_insertion_order=False,
            disabled_optimizers="join_order",
        )
        self._connection: Any = self.backend.con
        self._keep = keeping(self.backend)
        self._folder = folder
        self._numbers = count()

    @contextmanager
    def checked(self, ledger: Path, mapping: ColumnMapping, *, declared: bool) -> Generator["_Here"]:
        """One file after the other."""
        with files_of(ledger) as files:
            yield _Here(files, Checking(mapping, declared), self, self._new_folder())

    def read(self, path: Path) -> Table:
        """The rows of a Parquet file."""
        # It would take a folder `day=5` for a column and put it in place of the file's own.
        return self.backend.read_parquet(f"file://{path.resolve()}", hive_partitioning=False)

    def hold(self, rows: pa.Table) -> Table:
        """A Parquet file."""
        path = self._new_folder() / "rows.parquet"
        pq.write_table(rows, path)
        return self.read(path)

    def keep(self, table: Table) -> Table:
        """A table of its own."""
        return self._keep(table)

    def stored(self, table: Table) -> Table:
        """A Parquet file."""
        return self._written(self.batches(table), table.schema().to_pyarrow())

    def numbered(self, rows: Table) -> Table:
        """A Parquet file in this order."""
        schema = rows.schema().to_pyarrow().append(pa.field("row", pa.int64()))
        return self._written(_numbered(self.batches(rows.order_by(ORDER))), schema)

    def rows(self, table: Table) -> pa.Table:
        """All rows."""
        return self.backend.to_pyarrow(table)

    def batches(self, table: Table) -> Iterator[pa.RecordBatch]:
        """Ibis 12 calls for that what DuckDB 2 no longer has."""
        yield from self._connection.sql(str(self.backend.compile(table))).to_arrow_reader(BATCH_ROWS)

    def ask(self, query: str, whole: Table, once: Table) -> Answer:
        """The answer to a query."""
        every, kept = (str(self.backend.compile(table)) for table in (whole, once))
        named = f"WITH whole AS (SELECT *, line // {LINES} AS file FROM ({every})), once AS ({kept}) "  # noqa: S608
        return self._connection.execute(named + query)

    def _written(self, parts: Iterator[pa.RecordBatch], schema: pa.Schema) -> Table:
        path = self._new_folder() / "rows.parquet"
        with pq.ParquetWriter(path, schema) as writer:
            for part in parts:
                writer.write_batch(part.cast(schema))
        return self.read(path)

    def _new_folder(self) -> Path:
        folder = self._folder / f"rows-{next(self._numbers)}"
        folder.mkdir()
        return folder


@dataclass
class _Here:
    """A ledger's files, checked on this host."""

    files: list[LedgerFile]
    checking: Checking
    engine: DuckDB
    folder: Path

    def __post_init__(self) -> None:
        self.read: list[FileRead] = []
        accepted = None
        with pq.ParquetWriter(self.folder / "rejected.parquet", REJECTED) as rejected:
            for number, file in enumerate(self.files):
                with self.checking.checked(file, number) as (read, parts):
                    self.read.append(read)
                    for part in parts:
                        accepted = accepted or pq.ParquetWriter(self.folder / "accepted.parquet", part.accepted.schema)
                        accepted.write_table(part.accepted)
                        rejected.write_table(part.rejected)
        if accepted:
            accepted.close()
        self.accepted = self.engine.read(self.folder / "accepted.parquet")
        self.rejected = self.engine.read(self.folder / "rejected.parquet")

    def repeated(self, places: set[int]) -> Table:
        """A file is read again only where it has some."""
        with pq.ParquetWriter(self.folder / "repeated.parquet", REJECTED) as writer:
            for number, file in enumerate(self.files):
                for rows in self.checking.repeated(file, number, places):
                    writer.write_table(rows)
        return self.engine.read(self.folder / "repeated.parquet")


def _numbered(parts: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    first = 0
    for part in parts:
        yield part.append_column("row", pa.array(np.arange(first, first + len(part))))
        first += len(part)


@contextmanager
def duckdb_engine(scratch: Path) -> Generator[Engine]:
    """DuckDB within DUCKDB_MEMORY; what doesn't fit, it spills below `scratch`."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        engine = DuckDB(Path(folder))
        try:
            yield engine
        finally:
            engine.backend.disconnect()


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


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Engine]]] = {
    "duckdb": duckdb_engine,
    "spark": spark_engine,
}
