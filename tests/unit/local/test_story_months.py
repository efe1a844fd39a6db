"""A ledger cut into history and a new month: together its accepted rows, read as before, by any mapping."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from local.story.months import cut
from model_code.etl.engines import duckdb_engine
from model_code.etl.mapping_file import read_mapping
from model_code.etl.staging import stage

pytestmark = pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning")
GERMAN = """Liste der Einkaeufe
Nr;Datum;Betrag;Stelle;Lieferant;Text
1;01.03.2025;1.234,50;Bau;Meyer GmbH;Sand
2;30.03.2025;12,00;Bau;Shop;"Nagel; klein"
3;31.03.2025;-5,00;Amt;Shop;
4;31.02.2025;5,00;Amt;Shop;
5;02.04.2025;7,99;Amt;Meyer GmbH;=1+1
"""
MAPPING = """separator = ";"
date_formats = ["%d.%m.%Y"]
decimal = ","
currency = "EUR"
ids = "digest"
header_line = 2
[columns]
transaction_date = "Datum"
amount = "Betrag"
office = "Stelle"
merchant = "Lieferant"
"""


def amounts(file: Path, mapping: Path, scratch: Path) -> list[tuple[date, float]]:
    scratch.mkdir()
    with duckdb_engine(scratch) as engine:
        rows = stage(file, read_mapping(mapping), declared=True, engine=engine).checked
        found = engine.rows(rows.select("transaction_date", "amount")).to_pylist()
    return sorted((row["transaction_date"].date(), row["amount"]) for row in found)


@pytest.mark.parametrize("first_day", [date(2025, 3, 31), date(2025, 3, 2)])
def test_both_parts_are_read_by_the_ledgers_own_mapping_and_are_all_of_its_rows(
    tmp_path: Path, first_day: date
) -> None:
    ledger, mapping = tmp_path / "einkauf.csv", tmp_path / "columns.toml"
    ledger.write_text(GERMAN)
    mapping.write_text(MAPPING)
    history, new = cut(ledger, mapping, first_day, tmp_path / "cut")
    before, after = (amounts(each, mapping, tmp_path / each.stem) for each in (history, new))
    assert before + after == amounts(ledger, mapping, tmp_path / "whole")
    assert all(day < first_day for day, _ in before)
    assert all(day >= first_day for day, _ in after)
    assert pq.read_table(new).column_names == ["Nr", "Datum", "Betrag", "Stelle", "Lieferant", "Text"]
