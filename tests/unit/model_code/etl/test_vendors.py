"""The report of vendors under nearly the same name."""

from pathlib import Path

import pandas as pd
import pytest

from model_code.etl.vendors import main, spellings
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB

HEADER = "transaction_id,office,merchant,mcc,amount,transaction_date"
ROWS = [
    "1,O,ACME OFFICE SUPPLY #12,5111,10,2026-01-02",
    "2,O,acme office  supplys #7,5111,100,2026-01-05",
    "3,O,ACME OFFICE SUPPLYS #7,5111,50,2026-01-09",
    "4,O,ZEBRA HOTEL,7011,900,2026-01-03",
    "5,O,ZEBRA HOTEL,7011,?,2026-01-03",
]


def ledger(names: list[str]) -> pd.DataFrame:
    days = pd.to_datetime("2026-01-01") + pd.to_timedelta(range(len(names)), "D")
    return pd.DataFrame({"merchant": names, "transaction_date": days, "amount": 1.0})


def test_a_later_spelling_stands_beside_the_first_with_what_it_got(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    main(["--ledger", str(tmp_path / "ledger.csv")])
    assert capsys.readouterr().out.splitlines() == [
        "vendor,spelling,first_day,purchases,spent",
        "ACME OFFICE SUPPLY #12,ACME OFFICE SUPPLYS #7,2026-01-05,2,150.00",
    ]


def test_a_name_is_only_held_against_those_before_it() -> None:
    names = ["ACME OFFICE SUPPLY", "QUARRY", "ACME OFFICE SUPPLYS", "ACME OFFICE SUPPLYES"]
    whole = spellings(ledger(names))
    before = spellings(ledger(names[:3]))
    assert whole[whole["spelling"].isin(names[:3])].reset_index(drop=True).equals(before)
    assert before["vendor"].tolist() == ["ACME OFFICE SUPPLY"]


def test_another_number_of_a_shop_is_no_other_spelling() -> None:
    assert spellings(ledger(["ACME OFFICE SUPPLY #12", "ACME OFFICE SUPPLY #7", "ACME OFFICE SUPPLY"])).empty


def test_a_ledger_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.csv").write_text("")
    with pytest.raises(SystemExit):
        main(["--ledger", str(tmp_path / "ledger.csv")])
    assert "ledger.csv is empty" in capsys.readouterr().err


def test_a_mapping_that_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.csv").write_text("\n".join([HEADER, *ROWS]) + "\n")
    with pytest.raises(SystemExit):
        main(["--ledger", str(tmp_path / "ledger.csv"), "--mapping", str(tmp_path / "none.toml")])
    assert "The column mapping none.toml can't be read" in capsys.readouterr().err


def test_a_ledger_without_the_columns_is_refused_and_not_reported_as_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.csv").write_text("Vendor,Paid\nACME,12.50\n")
    with pytest.raises(SystemExit):
        main(["--ledger", str(tmp_path / "ledger.csv")])
    assert "ledger.csv lacks the columns" in capsys.readouterr().err
