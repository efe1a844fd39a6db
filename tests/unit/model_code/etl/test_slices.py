"""What is written some rows at a time is what would be written at once."""

from collections.abc import Iterator

import ibis
import pyarrow as pa
import pytest
from ibis.expr.types import Table

from model_code.etl.engines import Engine, duckdb_engine
from model_code.etl.slices import in_slices
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with duckdb_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


def slices(engine: Engine, span: range, *, rows: int) -> list[pa.Table]:
    numbers = list(reversed(range(100)))
    columns = {"label": [0] * 100, "kind": [""] * 100, "x": [number / 2 for number in numbers]}
    ids = [f"T{number:04d}" for number in numbers]
    table = ibis.memtable(pa.table({"row": numbers, "transaction_id": ids, **columns}))
    return list(in_slices(engine, table, span, ["x"], rows=rows))


@pytest.mark.parametrize("rows", [1, 25, 30, 70, 10_000])
def test_slices_hold_the_periods_rows_once_and_in_order(engine: Engine, rows: int) -> None:
    made = slices(engine, range(20, 90), rows=rows)
    assert [each for part in made for each in part["transaction_id"].to_pylist()] == [
        f"T{n:04d}" for n in range(20, 90)
    ]
    assert all(0 < part.num_rows <= rows for part in made)


def test_a_period_without_rows_is_an_empty_table_with_its_columns(engine: Engine) -> None:
    [empty] = slices(engine, range(20, 20), rows=10)
    assert (empty.num_rows, empty.column_names) == (0, ["transaction_id", "label", "kind", "x"])


@pytest.mark.parametrize("rows", [1, 25, 70, 10_000])
def test_an_engine_that_finds_no_parts_is_asked_once_and_hands_over_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    held = engine.hold(pa.table({"row": list(range(100)), "transaction_id": [f"T{n}" for n in range(100)]}))
    table = held.mutate(label=ibis.literal(0), kind=ibis.literal(""), x=held["row"] / 2)
    expected = [part.to_pylist() for part in in_slices(engine, table, range(20, 90), ["x"], rows=rows)]
    asked: list[Table] = []
    batches = engine.batches

    def ask(table: Table) -> Iterator[pa.RecordBatch]:
        asked.append(table)
        return batches(table)

    monkeypatch.setattr(type(engine), "finds_parts", False)
    monkeypatch.setattr(engine, "batches", ask)
    assert [part.to_pylist() for part in in_slices(engine, table, range(20, 90), ["x"], rows=rows)] == expected
    assert len(asked) == 1


def test_a_period_without_rows_is_an_empty_table_of_such_an_engine_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(engine), "finds_parts", False)
    held = engine.hold(pa.table({"row": [1], "transaction_id": ["T1"], "label": [0], "kind": [""], "x": [0.5]}))
    [empty] = in_slices(engine, held, range(20, 20), ["x"], rows=10)
    assert (empty.num_rows, empty.column_names) == (0, ["transaction_id", "label", "kind", "x"])
