"""What is written a few days at a time is what would be written at once."""

from collections.abc import Iterator
from datetime import date, timedelta

import ibis
import pyarrow as pa
import pytest

from model_code.etl.engines import Engine, duckdb_engine
from model_code.etl.periods import Period
from model_code.etl.slices import in_slices
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB
FIRST = date(2026, 1, 1)
PERIOD = Period("train", FIRST + timedelta(days=2), FIRST + timedelta(days=8))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with duckdb_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


def slices(engine: Engine, *, per_day: int, rows: int) -> list[pa.Table]:
    days = [FIRST + timedelta(days=number % 12) for number in range(12 * per_day)]
    columns = {"label": 0, "kind": "", "x": 1.0}
    made = {name: [value] * len(days) for name, value in columns.items()}
    ids = [f"T{number:04d}" for number in reversed(range(len(days)))]
    table = ibis.memtable(pa.table({"transaction_id": ids, "transaction_date": days, **made}))
    return list(in_slices(engine, table, PERIOD, ["x"], rows=rows))


@pytest.mark.parametrize("rows", [1, 25, 30, 10_000])
def test_slices_hold_the_periods_rows_once_by_date_and_id(engine: Engine, rows: int) -> None:
    made = slices(engine, per_day=10, rows=rows)
    ids = [each for part in made for each in part["transaction_id"].to_pylist()]
    whole = slices(engine, per_day=10, rows=1_000_000)
    assert len(whole) == 1
    assert ids == whole[0]["transaction_id"].to_pylist()
    assert len(set(ids)) == len(ids) == 70
    assert all(0 < part.num_rows <= max(rows, 10) for part in made)


def test_a_period_without_rows_is_an_empty_table_with_its_columns(engine: Engine) -> None:
    [empty] = slices(engine, per_day=0, rows=10)
    assert (empty.num_rows, empty.column_names) == (0, ["transaction_id", "label", "kind", "x"])
