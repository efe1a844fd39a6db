"""The engines read files wherever people keep them."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

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
