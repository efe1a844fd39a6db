"""Which rows of a new file are known, and which only their id is."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.backends.duckdb import Backend

from model_code.etl.engines import duckdb_engine
from model_code.etl.overlap import CHANGED, FRESH, KNOWN, SCORED, with_history
from model_code.etl.ready import Work, earlier_scores
from model_code.scoring import results
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB

ROW: dict[str, object] = {
    "line": 1,
    "transaction_date": datetime(2026, 1, 5),  # noqa: DTZ001
    "office": "Parks",
    "merchant": "ACME",
    "amount": 12.5,
    "currency": "USD",
    "own_hours": 4.0,
    "own_grade": "GS-7",
}
OTHERS: dict[str, object] = {
    "transaction_date": datetime(2026, 1, 6),  # noqa: DTZ001
    "office": "Water",
    "merchant": "MUIR",
    "amount": 99.0,
    "currency": "CAD",
    "own_hours": 5.0,
    "own_grade": "SES",
}
OWN = ("own_hours", "own_grade")
SCHEMA = pa.schema(
    {"transaction_id": pa.string(), "line": pa.int64(), "transaction_date": pa.timestamp("us"), "office": pa.string()}
    | {"merchant": pa.string(), "amount": pa.float64(), "currency": pa.string()}
    | {"own_hours": pa.float64(), "own_grade": pa.string()}
)


@pytest.fixture
def database() -> Iterator[Backend]:
    made = ibis.duckdb.connect(threads=1)
    yield made
    made.disconnect()


def rows(**ids: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist([{**ROW, "transaction_id": name} | changes for name, changes in ids.items()], SCHEMA)


def statuses(database: Backend, history: pa.Table, new: pa.Table, *earlier: pa.Table) -> dict[str, str]:
    tables = [database.create_table(f"t{at}", ibis.memtable(each)) for at, each in enumerate((history, new, *earlier))]
    both = with_history(tables[0], tables[1], tables[2:], OWN).to_pyarrow().to_pylist()
    assert len({row["transaction_id"] for row in both}) == len(both)
    return {row["transaction_id"]: row["status"] for row in both if row["line"]}


@pytest.mark.parametrize("field", OTHERS)
@pytest.mark.parametrize("where", ["history", "earlier"])
def test_a_row_whose_content_was_corrected_is_changed_whichever_field_it_was(
    field: str, where: str, database: Backend
) -> None:
    before, new = rows(a={}, b={}), rows(a={field: OTHERS[field]}, b={}, c={})
    given = (before, new) if where == "history" else (rows(z={}), new, before)
    same = KNOWN if where == "history" else SCORED
    assert statuses(database, *given) == {"a": CHANGED, "b": same, "c": FRESH}


@pytest.mark.parametrize("field", OWN)
def test_a_blank_is_like_a_blank_and_unlike_what_stands_there(field: str, database: Backend) -> None:
    blank = {field: None}
    assert statuses(database, rows(a=blank, b=blank), rows(a=blank, b={})) == {"a": KNOWN, "b": CHANGED}


def test_scores_given_before_a_column_was_declared_count_by_the_others(database: Backend) -> None:
    earlier = rows(a={}, b={"amount": 1.0}).drop_columns(["own_grade"])
    new = rows(a={"own_grade": "SES"}, b={}, c={})
    assert statuses(database, rows(z={}), new, earlier) == {"a": SCORED, "b": CHANGED, "c": FRESH}


@pytest.mark.parametrize(("own", "names"), [(["own_hours"], ["own_hours"]), ([], []), (None, [])])
def test_a_published_column_with_an_own_ones_name_is_not_taken_for_it(
    tmp_path: Path, own: list[str] | None, names: list[str]
) -> None:
    """Scores from before a column was declared have what was published under its name: other texts, or none at all."""
    path = tmp_path / "scores.parquet"
    pq.write_table(rows(a={}).replace_schema_metadata(own and {results.OWN: json.dumps(own)}), path)
    view = SimpleNamespace(compared=(*OWN, "cost_centre"))
    work = cast("Work", SimpleNamespace(job=SimpleNamespace(earlier=[path]), view=view))
    with duckdb_engine(tmp_path) as engine:
        [found] = earlier_scores(work, engine)
        assert [name for name in found.columns if name in OWN] == names
        assert {"transaction_id", "amount", "merchant"} <= set(found.columns)


def test_a_row_that_was_scored_twice_is_known_by_each_of_its_contents(database: Backend) -> None:
    earlier = rows(a={}, b={}), rows(a={"amount": 13.0}, b={"amount": 13.0})
    new = rows(a={}, b={"amount": 13.0})
    assert statuses(database, rows(z={}), new, *earlier) == {"a": SCORED, "b": SCORED}
