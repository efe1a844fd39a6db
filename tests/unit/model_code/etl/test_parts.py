"""A staged ledger as a whole: its months, stray days, blocks that come twice; as published, whatever its files."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from model_code.etl.checking import LINES
from model_code.etl.engines import duckdb_engine
from model_code.etl.mapping import ColumnMapping
from model_code.etl.parts import Ledger
from model_code.etl.published import write_published
from model_code.etl.staging import stage
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB
HEADER = "transaction_id,office,merchant,mcc,amount,transaction_date"
START = date(2025, 1, 6)


def line(number: int, *, day: date | None = None, amount: float = 5, shop: str = "SHOP") -> str:
    return (
        f"T{number:04d},Roads,{shop} {number % 30},5812,{amount + number % 40:.2f},{day or START + timedelta(number)}"
    )


@contextmanager
def looked(folder: Path, **files: list[str]) -> Generator[Ledger]:
    """A ledger of these files, staged."""
    (folder / "ledger").mkdir()
    for name, lines in files.items():
        (folder / "ledger" / f"{name}.csv").write_text("\n".join([HEADER, *lines, ""]))
    with duckdb_engine(folder) as engine:
        staged = stage(folder / "ledger", ColumnMapping(), declared=False, engine=engine)
        yield Ledger("ledger", staged, engine, own_ids=True)


def test_rows_are_counted_by_file_and_month(tmp_path: Path) -> None:
    with looked(tmp_path, a=[line(n) for n in range(30)], b=[line(n, amount=-100) for n in range(100, 110)]) as ledger:
        counted = [(part.file, part.month, part.rows, part.negative) for part in ledger.parts]
        assert counted == [(0, date(2025, 1, 1), 26, 0), (0, date(2025, 2, 1), 4, 0), (1, date(2025, 4, 1), 10, 10)]
        assert ledger.span(ledger.files[1:]) == (date(2025, 4, 16), date(2025, 4, 25))


@pytest.mark.parametrize(
    ("days", "strays"),
    [
        ([date(2021, 6, 1)], {date(2021, 6, 1): 1}),
        ([date(2021, 6, 1), date(2021, 6, 3)], {date(2021, 6, 1): 1, date(2021, 6, 3): 1}),
        ([date(2026, 6, 1)], {date(2026, 6, 1): 1}),
        ([date(2024, 10, 1)], {}),
        ([date(2021, 6, day) for day in range(1, 6)], {}),  # so many are a part of the ledger, if an old one
    ],
)
def test_single_days_half_a_year_from_all_others_are_strays(
    tmp_path: Path, days: list[date], strays: dict[date, int]
) -> None:
    rows = [line(n) for n in range(60)] + [line(900 + n, day=day) for n, day in enumerate(days)]
    with looked(tmp_path, a=rows) as ledger:
        assert ledger.strays(gap=180, least=20) == strays


@pytest.mark.parametrize(
    ("again", "blocks"),
    [
        (lambda rows: rows, 1),
        (lambda rows: rows[:19], 0),  # nineteen rows may come again by chance
        (lambda rows: rows[::-1], 0),
        (lambda rows: [row.replace("5812", "5813") for row in rows], 0),
    ],
)
def test_a_block_is_rows_in_their_order_under_other_ids(
    tmp_path: Path, again: Callable[[list[str]], list[str]], blocks: int
) -> None:
    rows = [line(n) for n in range(40)]
    copied = [row.replace("T0", "X0") for row in again(rows)]
    with looked(tmp_path, a=rows, b=copied) as ledger:
        found = ledger.blocks(least=20)
        assert len(found) == blocks
        assert [(block.rows, block.place, block.before) for block in found] == [(40, LINES + 2, 2)] * blocks


def test_the_same_purchase_every_day_is_no_block(tmp_path: Path) -> None:
    fares = [f"T{n},Roads,TRANSIT,4111,3.25,2025-01-{1 + n % 28:02d}" for n in range(200)]
    with looked(tmp_path, a=sorted(fares, key=lambda fare: fare[-2:])) as ledger:
        assert ledger.blocks(least=20) == []


def test_rows_are_published_in_any_order_with_all_columns_of_all_files(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "a.csv").write_text("id;note\n1;x\n2;y\n")
    (folder / "b.csv").write_text("note,id,more\nz,3,extra\n")
    columns = ColumnMapping(columns={"transaction_id": ("id",)})
    told = write_published(folder, [LINES + 2, 3, 2], tmp_path / "p.parquet", mapping=columns, declared=True)
    assert told["rows"] == 3
    assert pq.read_table(tmp_path / "p.parquet").to_pylist() == [
        {"id": "3", "note": "z", "more": "extra"},
        {"id": "2", "note": "y", "more": ""},
        {"id": "1", "note": "x", "more": ""},
    ]
