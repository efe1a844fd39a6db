"""A period's rows, some at a time: whatever the ledger's size, no more of them is ever in memory."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from ibis.expr.types import Table

from model_code.etl.engines import Engine

SLICE_ROWS = 500_000


def in_slices(
    engine: Engine, features: Table, span: range, columns: Sequence[str], *, rows: int = SLICE_ROWS
) -> Iterator[pa.Table]:
    """Tables of at most `rows` rows, by `row`: transaction_id, label, kind and `columns` of the rows in `span`.

    A period without rows is one empty table.
    """
    for first in range(span.start, max(span.stop, span.start + 1), rows):
        inside = features.filter(features["row"].between(first, min(first + rows, span.stop) - 1))
        yield engine.rows(inside.order_by("row").select("transaction_id", "label", "kind", *columns))
