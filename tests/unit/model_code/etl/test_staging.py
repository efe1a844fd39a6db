"""A checked ledger on disk: each id once, each row accounted for, numbered by date and id."""

import csv
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.etl.anomalies import Purchases, anomalies, inject, randomness
from model_code.etl.engines import duckdb_engine
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.etl.mapping import ColumnMapping
from model_code.etl.staging import labelled_ledger, stage
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
HEADER = ["transaction_id", "office", "merchant", "mcc", "amount", "transaction_date", "label"]
Rows = list[list[str]]


def row(number: int, *, day: int = 1, amount: str = "5") -> list[str]:
    return [f"T{number:03d}", "O", "M", "5111", amount, f"2026-01-{day:02d}", str(number % 2)]


def nothing(_: Purchases) -> pd.DataFrame:
    """What a ledger with labels never asks for."""
    raise AssertionError


def staged(folder: Path, rows: Rows) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    """The ledger that is written, and the rows set aside."""
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    (folder / "raw.csv").write_text(text.getvalue())
    with duckdb_engine(folder) as engine:
        done = stage(folder / "raw.csv", ColumnMapping(), declared=False, engine=engine)
        ledger = engine.rows(labelled_ledger(done, engine=engine, inject=nothing)).to_pandas()
        aside = pa.Table.from_batches(
            engine.batches(done.quarantined.order_by("line")), schema=engine.rows(done.quarantined).schema
        )
    return ledger, [tuple(each.values()) for each in aside.to_pylist()]


def test_a_month_that_is_in_the_file_twice_counts_once(tmp_path: Path) -> None:
    month = [row(number) for number in range(5)]
    ledger, aside = staged(tmp_path, [*month, *month])
    assert ledger["transaction_id"].tolist() == [f"T{number:03d}" for number in range(5)]
    assert [(line, reason) for line, reason, _ in aside] == [
        (line, "duplicate transaction_id") for line in range(7, 12)
    ]
    assert [next(csv.reader([text])) for _, _, text in aside] == month


def test_of_rows_with_one_id_the_first_that_can_be_used_is_kept(tmp_path: Path) -> None:
    ledger, aside = staged(tmp_path, [row(1, amount="?"), row(1, amount="7"), row(1, amount="9")])
    assert ledger["amount"].tolist() == [7.0]
    assert [(line, reason) for line, reason, _ in aside] == [
        (2, "amount is no number"),
        (4, "duplicate transaction_id"),
    ]


def test_rows_are_numbered_by_date_and_id(tmp_path: Path) -> None:
    ledger, _ = staged(tmp_path, [row(3, day=2), row(9, day=1), row(1, day=2), row(5, day=1)])
    assert ledger["transaction_id"].tolist() == ["T005", "T009", "T001", "T003"]
    assert ledger["row"].tolist() == [0, 1, 2, 3]


def test_an_anomaly_without_a_kind_is_called_unknown(tmp_path: Path) -> None:
    ledger, _ = staged(tmp_path, [row(1), row(2)])
    assert ledger["kind"].tolist() == ["unknown", ""]


@pytest.mark.usefixtures("small_parts")
@settings(max_examples=10, deadline=None)
@given(rows=st.lists(st.builds(row, st.integers(0, 20), day=st.integers(1, 9), amount=st.sampled_from(["1", "x"]))))
def test_no_row_is_ever_lost(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> None:
    ledger, aside = staged(tmp_path_factory.mktemp("stage"), rows)
    assert len(ledger) + len(aside) == len(rows)
    assert ledger["transaction_id"].is_unique
    assert set(ledger["transaction_id"]) == {each[0] for each in rows if each[4] == "1"}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_code.etl.validation._CHUNK", 3)
    monkeypatch.setattr("model_code.etl.checking.BATCH_ROWS", 3)


def test_a_ledger_on_disk_gets_the_anomalies_that_it_would_get_in_memory(tmp_path: Path) -> None:
    made = generate(3000, seed=4)
    ordinary = made[made["label"] == 0].drop(columns=["label", "kind"])
    (tmp_path / "raw.csv").write_bytes(to_csv(ordinary.sample(frac=1, random_state=1)))
    with duckdb_engine(tmp_path) as engine:
        done = stage(tmp_path / "raw.csv", ColumnMapping(), declared=False, engine=engine)
        ledger = labelled_ledger(done, engine=engine, inject=lambda known: anomalies(known, randomness(9)))
        written = engine.rows(ledger).to_pandas()
    expected = inject(ordinary.sort_values(["transaction_date", "transaction_id"], ignore_index=True), seed=9)
    expected = expected.sort_values(["transaction_date", "transaction_id"], ignore_index=True)
    names = ["transaction_id", "card", "merchant", "mcc", "amount", "description", "posting_date", "label", "kind"]
    pd.testing.assert_frame_equal(written[names], expected[names], check_dtype=False)
    assert written["label"].sum() > 20
