"""Made ids are what their page says; rows that come again count once; lines of one purchase are one."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model_code.etl.checking import LINES
from model_code.etl.engines import Engine, duckdb_engine
from model_code.etl.identity import added_up, identified, repeats
from model_code.features.fields import FIELDS
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with duckdb_engine(tmp_path) as connected:
        yield connected


def row(place: int, **values: Any) -> dict[str, Any]:  # noqa: ANN401 (any field's)
    blank = dict.fromkeys(FIELDS, "") | {"amount": 12.5, "label": 0, "merchant": "ACME", "office": "Roads"}
    days = {"transaction_date": datetime(2026, 1, 5), "posting_date": pd.NaT}  # noqa: DTZ001 (days have no zone)
    return {"line": place} | blank | days | values


def table(engine: Engine, folder: Path, *rows: dict[str, Any]) -> Any:  # noqa: ANN401 (Ibis' own)
    pd.DataFrame(list(rows)).to_parquet(folder / "rows.parquet")
    return engine.read(folder / "rows.parquet")


def ids(engine: Engine, rows: Any) -> list[str]:  # noqa: ANN401 (Ibis' own)
    return engine.rows(rows.order_by("line"))["transaction_id"].to_pylist()


def test_a_made_id_is_the_documented_digest(engine: Engine, tmp_path: Path) -> None:
    rows = table(engine, tmp_path, row(2, mcc="5085", description="BOLTS"), row(3, transaction_id="T3"))
    text = "2026-01-05|ACME|12.50|Roads||5085||BOLTS".replace("|", "\x1f")
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert ids(engine, identified(rows, engine)) == [digest, "T3"]


def test_equal_rows_of_a_file_differ_and_of_two_files_do_not(engine: Engine, tmp_path: Path) -> None:
    rows = table(engine, tmp_path, row(2), row(3), row(4, amount=1.0), row(LINES + 2), row(LINES + 9))
    made = identified(rows, engine)
    one, two, other, *again = ids(engine, made)
    assert (two, again) == (f"{one}-2", [one, two])
    assert other != one
    assert repeats(made, engine, add_lines=False) == {2, 3}


def test_lines_are_added_up_within_an_order_and_counted_once_over_files(engine: Engine, tmp_path: Path) -> None:
    order = [row(2, transaction_id="PO"), row(3, transaction_id="PO"), row(4, transaction_id="PO", amount=0.1, label=1)]
    again = [each | {"line": LINES + each["line"]} for each in order]
    other = row(5, transaction_id="PO", transaction_date=datetime(2026, 2, 1))  # noqa: DTZ001 (a day has no zone)
    rows = table(engine, tmp_path, *order, other, *again)
    twice = repeats(rows, engine, add_lines=True)
    assert twice == {LINES + 2, LINES + 3, LINES + 4}
    purchases = engine.rows(added_up(rows.filter(rows["line"] < LINES)).order_by("line")).to_pylist()
    assert [(each["transaction_id"], each["amount"], each["label"]) for each in purchases] == [
        ("PO", 25.1, 1),
        ("PO-2", 12.5, 0),
    ]
