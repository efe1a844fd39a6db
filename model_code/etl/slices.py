"""A period's rows a few days at a time: whatever the ledger's size, no more of them is ever in memory."""

from collections.abc import Iterator, Sequence
from datetime import date

import pyarrow as pa
from ibis.expr.types import Table

from model_code.etl.engines import Engine
from model_code.etl.periods import Period

SLICE_ROWS = 500_000


def in_slices(
    engine: Engine, features: Table, period: Period, columns: Sequence[str], *, rows: int = SLICE_ROWS
) -> Iterator[pa.Table]:
    """Tables of about `rows` rows, one after another by date and id: transaction_id, label, kind and `columns`.

    A period without rows is one empty table. A single day is never divided.
    """
    day = features["transaction_date"].cast("date")
    inside = features.filter(day.between(period.first, period.last)).select(day=day)
    counted = engine.rows(inside.group_by("day").agg(rows=inside.count()).order_by("day"))
    for first, last in _spans(counted, period, rows):
        ordered = features.filter(day.between(first, last)).order_by("transaction_date", "transaction_id")
        yield engine.rows(ordered.select("transaction_id", "label", "kind", *columns))


def _spans(counted: pa.Table, period: Period, rows: int) -> Iterator[tuple[date, date]]:
    """The period's days in spans of about `rows` rows."""
    first, held = period.first, 0
    for day, count in zip(counted["day"].to_pylist(), counted["rows"].to_pylist(), strict=True):
        if held and held + count > rows:
            yield first, date.fromordinal(day.toordinal() - 1)
            first, held = day, 0
        held += count
    yield first, period.last
