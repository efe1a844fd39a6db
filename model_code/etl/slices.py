"""A period's rows, some at a time: whatever the ledger's size, no more of them is ever in memory."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from ibis.expr.types import Table

from model_code.etl.engine import Engine

SLICE_ROWS = 500_000


def in_slices(
    engine: Engine, features: Table, span: range, columns: Sequence[str], *, rows: int = SLICE_ROWS
) -> Iterator[pa.Table]:
    """Tables of at most `rows` rows, by `row`: transaction_id, label, kind and `columns` of the rows in `span`.

    A period without rows is one empty table.
    """
    # DuckDB finds a part of an ordered table at once; Spark would compute the whole table for each.
    step = rows if engine.finds_parts else max(len(span), 1)
    for first in range(span.start, max(span.stop, span.start + 1), step):
        inside = features.filter(features["row"].between(first, min(first + step, span.stop) - 1))
        part = inside.order_by("row").select("transaction_id", "label", "kind", *columns)
        yield from [engine.rows(part)] if engine.finds_parts else engine.tables(part, rows)
