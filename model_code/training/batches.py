"""The training rows, a batch at a time: a ledger larger than memory, or one host's part of it."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_code.algorithms.protocol import Labelled
from model_code.arrays import LARGEST, Matrix, Vector
from model_code.errors import InputError

BATCH = 2**17
"""Rows in memory at a time."""


@dataclasses.dataclass(frozen=True)
class Batches:
    """The rows of a Parquet file that belong to host number `host` of `hosts`: every so-many-th one.

    Dealt like cards, each host has as many rows of every time and kind. Iterating reads the file anew.
    """

    path: Path
    columns: Sequence[str]
    host: int = 0
    hosts: int = 1

    def __iter__(self) -> Iterator[Labelled]:
        """Yield the host's rows in order, at most BATCH at a time."""
        first = self.host
        file = pq.ParquetFile(self.path, pre_buffer=False)  # buffering ahead would end with the whole file in memory
        for batch in file.iter_batches(BATCH, columns=["label", *self.columns]):
            own = slice(first, None, self.hosts)
            first = (first - batch.num_rows) % self.hosts
            rows = np.column_stack([numbers(batch[name], name, self.path.name)[own] for name in self.columns])
            if len(rows):
                yield Labelled(rows, numbers(batch["label"], "label", self.path.name)[own].astype(np.float32))

    def column(self, name: str) -> Matrix:
        """Return one column of all hosts' rows."""
        return numbers(pq.read_table(self.path, columns=[name])[name], name, self.path.name)

    @property
    def labels(self) -> Vector:
        """The labels of all hosts' rows."""
        return self.column("label").astype(np.float32)


def numbers(column: pa.Array | pa.ChunkedArray, name: str, file: str) -> Matrix:
    """Return a column as numbers, NaN where it holds none.

    Raises:
        InputError: it holds something else, or a number that XGBoost can't take.
    """
    try:
        cast = column.cast(pa.float64(), safe=False)
    except pa.ArrowException:
        raise InputError(f"Column {name} of {file} holds {column.type}; expected numbers.") from None
    values = cast.to_numpy() if isinstance(cast, pa.ChunkedArray) else cast.to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(np.abs(values) > LARGEST):
        raise InputError(
            f"Column {name} of {file} is {values[row]} in row {row + 1}; expected a number up to {LARGEST:.2g} or none."
        )
    return values
