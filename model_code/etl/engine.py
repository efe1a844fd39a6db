"""What the whole way of a ledger asks of an engine.

What is computed never differs; how rows are read, held and handed over does.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Protocol

import ibis
import numpy as np
import pyarrow as pa
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from model_code.etl.checking import FileRead
from model_code.etl.mapping import ColumnMapping

ORDER = ["transaction_date", "transaction_id"]


class Checked(Protocol):
    """The files of a ledger, each of whose rows was looked at; `accepted` and `rejected` have a `line`, their place."""

    read: list[FileRead]
    accepted: Table
    rejected: Table

    def repeated(self, places: set[int]) -> Table:
        """The rows at these places as duplicates, in the form of `rejected`."""
        ...


class Answer(Protocol):
    """What a query found: as rows, or as an array a column."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Row by row."""
        ...

    def fetchnumpy(self) -> dict[str, np.ndarray]:
        """Column by column."""
        ...


class Engine(ABC):
    """DuckDB or Spark, connected."""

    finds_parts: ClassVar[bool]
    """Whether some rows of a table by `row` cost less than all."""
    backend: BaseBackend

    @abstractmethod
    def checked(self, ledger: Path, mapping: ColumnMapping, *, declared: bool) -> AbstractContextManager[Checked]:
        """Every row of a ledger's files, checked one by one (`model_code.etl.checking`)."""

    @abstractmethod
    def read(self, path: Path) -> Table:
        """The rows of a Parquet file."""

    @abstractmethod
    def hold(self, rows: pa.Table) -> Table:
        """Rows that the process has in memory."""

    @abstractmethod
    def keep(self, table: Table) -> Table:
        """Compute a table once; who asks for its rows later gets the same."""

    @abstractmethod
    def stored(self, table: Table) -> Table:
        """The same in files, for a table as long as a ledger; its order plays a part for reading alone."""

    @abstractmethod
    def numbered(self, rows: Table) -> Table:
        """The rows by date and id, with `row`: their numbers in this order, from 0; kept as by `stored`."""

    @abstractmethod
    def rows(self, table: Table) -> pa.Table:
        """A table's rows, all at once."""

    @abstractmethod
    def batches(self, table: Table) -> Iterator[pa.RecordBatch]:
        """A table's rows in its order, a part at a time, however many there are."""

    @abstractmethod
    def ask(self, query: str, whole: Table, once: Table) -> Answer:
        """The answer to a query in DuckDB's SQL over two tables of rows; `whole` also has the number of the `file`."""

    def tables(self, table: Table, rows: int) -> Iterator[pa.Table]:
        """The same in tables of at most so many rows; one without rows, where there are none."""
        schema = table.schema().to_pyarrow()
        found = False
        for batch in self.batches(table):
            for first in range(0, len(batch), rows):
                found = True
                yield pa.Table.from_batches([batch.slice(first, rows)])
        if not found:
            yield schema.empty_table()

    def size(self, table: Table) -> int:
        """How many rows a table has."""
        return self.rows(table.aggregate(rows=table.count()))["rows"][0].as_py()

    def counts(self, table: Table, column: str) -> dict[Any, int]:
        """How many rows have each value of a column, the most frequent first."""
        counted = table.group_by(column).agg(rows=table.count())
        rows = self.rows(counted.order_by(ibis.desc("rows"), column))
        return dict(zip(rows[column].to_pylist(), rows["rows"].to_pylist(), strict=True))
