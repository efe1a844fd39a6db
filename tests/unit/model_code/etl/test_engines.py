"""The engines read files wherever people keep them."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.etl.checking import LINES
from model_code.etl.engines import duckdb_engine
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB


@pytest.mark.parametrize("folder", ["my work", "50 %", "Büro", "a+b&c"])
def test_a_ledger_is_read_from_a_folder_of_any_name(tmp_path: Path, folder: str) -> None:
    file = tmp_path / folder / "ledger.parquet"
    file.parent.mkdir()
    pq.write_table(pa.table({"amount": [1.0, 2.0]}), file)
    with duckdb_engine(tmp_path) as engine:
        assert engine.size(engine.read(file)) == 2


def test_a_folder_named_like_a_column_changes_no_value_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "amount=5/day=7/ledger.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"amount": [1.0, 2.0]}), file)
    with duckdb_engine(tmp_path) as engine:
        assert engine.rows(engine.read(file)).to_pydict() == {"amount": [1.0, 2.0]}


def test_rows_are_numbered_by_day_and_id_and_none_is_a_table_too(tmp_path: Path) -> None:
    rows = pa.table({"transaction_date": [date(2026, 1, 2), date(2026, 1, 1)] * 2, "transaction_id": list("badc")})
    with duckdb_engine(tmp_path) as engine:
        numbered = engine.numbered(engine.hold(rows))
        assert engine.rows(numbered.order_by("row"))["transaction_id"].to_pylist() == ["a", "c", "b", "d"]
        assert engine.rows(numbered)["row"].to_pylist() == [0, 1, 2, 3]
        assert engine.size(engine.numbered(engine.hold(rows.slice(0, 0)))) == 0


def test_a_table_is_handed_over_in_parts_of_so_many_rows_in_its_order(tmp_path: Path) -> None:
    with duckdb_engine(tmp_path) as engine:
        table = engine.hold(pa.table({"x": list(range(10))}))
        parts = list(engine.tables(table.order_by("x"), 4))
        [empty] = engine.tables(table.filter(table["x"] > 10), 4)
    assert [part["x"].to_pylist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert (empty.num_rows, empty.column_names) == (0, ["x"])


def test_a_query_knows_each_rows_file_and_the_rows_without_repeats(tmp_path: Path) -> None:
    with duckdb_engine(tmp_path) as engine:
        whole = engine.hold(pa.table({"line": [2, LINES + 2, LINES + 3]}))
        asked = engine.ask("SELECT file, count(*) FROM whole GROUP BY 1 ORDER BY 1", whole, whole.limit(1)).fetchall()
        assert asked == [(0, 1), (1, 2)]
        assert engine.ask("SELECT count(*) FROM once", whole, whole.limit(1)).fetchall() == [(1,)]
