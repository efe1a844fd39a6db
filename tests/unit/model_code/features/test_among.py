"""Windows of a few rows among many are those of all rows, bit by bit, however the rows are cut."""

from unittest import mock

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from model_code.features import among
from model_code.features.among import windows_among
from model_code.features.windows import Window, keeping, with_windows
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]

WINDOWS = [
    Window(how, column, by, first, last)
    for how, column in (("count", "day"), ("count", "logs"), ("sum", "logs"), ("max", "logs"), ("min", "day"))
    for by in (("office",), ("merchant", "office"))
    for first, last in ((-1, -1), (-6, -1), (1, 4), (-3, 3), (0, 0))
]
SCHEMA = pa.schema({"day": pa.int32(), "office": pa.int32(), "merchant": pa.int32(), "logs": pa.int64()})
ROWS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 2), st.integers(0, 3), st.none() | st.integers(-(2**40), 2**40)),
    min_size=2,
    max_size=40,
)


@pytest.mark.parametrize("few", [0, 100])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, chosen=st.sets(st.integers(0, 39), min_size=1, max_size=4))
@example(rows=[(day, 0, 0, day) for day in range(21)], chosen={10})
def test_any_rows_among_any_others_get_what_all_together_get(
    rows: list[tuple[int, int, int, int | None]], chosen: set[int], few: int
) -> None:
    """By the purchases themselves, or by their sums of days."""
    asked = {at % len(rows) for at in chosen}
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)
    table = table.append_column("row", pa.array(range(len(rows)), pa.int64()))
    database = ibis.duckdb.connect(threads=1)
    every = database.create_table("every", ibis.memtable(table))
    keep = keeping(database)
    mine = every.filter(every["row"].isin(sorted(asked)))
    days = [rows[at][0] for at in asked]
    with mock.patch.object(among, "FEW_DAYS", few):
        found = windows_among(mine, every.anti_join(mine, "row"), WINDOWS, keep, days=(min(days), max(days)))
    names = ["row", *(window.name for window in WINDOWS)]
    expected = with_windows(every, WINDOWS, keep)
    expected = expected.filter(expected["row"].isin(sorted(asked)))
    got, wanted = (each.select(*names).order_by("row").to_pyarrow() for each in (found, expected))
    database.disconnect()
    assert got.schema == wanted.schema
    assert got.to_pylist() == wanted.to_pylist()
