import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.etl import generate as command
from model_code.etl.anomalies import KINDS, limits, per_kind
from model_code.etl.generator import generate
from model_code.features.fields import FIELDS
from model_code.features.thresholds import FAR_MICRO_PURCHASE

ROWS = 8000


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    return generate(ROWS, seed=3)


def test_one_seed_makes_one_ledger(ledger: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(ledger, generate(ROWS, seed=3))
    assert not ledger.equals(generate(ROWS, seed=4))


def test_a_ledger_has_exactly_the_rows_asked_for_in_the_schema(ledger: pd.DataFrame) -> None:
    assert len(ledger) == ROWS
    assert list(ledger.columns) == list(FIELDS)
    assert ledger["transaction_id"].is_unique
    assert ledger.notna().all(axis=None)


def test_each_kind_of_anomaly_has_its_share(ledger: pd.DataFrame) -> None:
    assert ledger["kind"].value_counts().drop("").to_dict() == dict.fromkeys(KINDS, per_kind(ROWS))
    assert (ledger["label"] == (ledger["kind"] != "")).all()


def test_rows_stand_in_order_of_time_within_the_days_asked_for(ledger: pd.DataFrame) -> None:
    assert ledger["transaction_date"].is_monotonic_increasing
    assert ledger["transaction_date"].between("2025-01-01", "2026-06-30").all()
    assert (ledger["posting_date"] > ledger["transaction_date"]).all()


def test_first_digits_follow_benfords_law(ledger: pd.DataFrame) -> None:
    digits = np.array([int(f"{amount:.6e}"[0]) for amount in ledger.loc[ledger["label"] == 0, "amount"].abs()])
    shares = np.bincount(digits, minlength=10)[1:] / len(digits)
    assert np.abs(shares - np.log10(1 + 1 / np.arange(1, 10))).max() < 0.03


def test_business_follows_the_week_and_the_fiscal_year(ledger: pd.DataFrame) -> None:
    dates = ledger.loc[ledger["label"] == 0, "transaction_date"]
    assert 0.005 < (dates.dt.day_of_week >= 5).mean() < 0.06
    by_month = dates[dates.dt.year == 2025].dt.month.value_counts()
    assert by_month.idxmax() == 9
    assert by_month[9] > 1.5 * by_month.median()


def test_few_merchants_take_most_of_the_business(ledger: pd.DataFrame) -> None:
    shares = ledger["merchant"].value_counts(normalize=True)
    assert shares.head(len(shares) // 10).sum() > 0.4
    assert len(shares) > 200


def test_cards_stay_below_the_threshold_in_force_but_for_rare_waivers(ledger: pd.DataFrame) -> None:
    by_card = ledger[~ledger["card"].str.startswith("PAY-") & (ledger["label"] == 0)]
    above = by_card["amount"] > limits(by_card["transaction_date"], FAR_MICRO_PURCHASE)
    assert above.mean() < 0.005


@pytest.mark.parametrize(("rows", "end"), [(499, date(2026, 1, 1)), (500, date(2025, 2, 1))])
def test_a_ledger_too_small_for_seven_kinds_is_refused(rows: int, end: date) -> None:
    with pytest.raises(ValueError, match="at least 500 rows over 60 days"):
        generate(rows, seed=1, start=date(2025, 1, 1), end=end)


def test_the_command_writes_equal_bytes_for_equal_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.csv.gz", "b.csv.gz", "c.csv"):
        command.main(["--rows", "600", "--seed", "5", "--out", str(tmp_path / name)])
    first, second, plain = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert first == second
    assert gzip.decompress(first) == plain
    assert plain.decode().splitlines()[0] == ",".join(FIELDS)
    assert "600 rows, 49 anomalies, seed 5" in capsys.readouterr().out


@pytest.mark.parametrize(("option", "status"), [(["--help"], 0), (["--rows", "9", "--out", "x.csv"], 2)])
def test_the_command_explains_itself(option: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(option)
    assert ended.value.code == status
    shown = capsys.readouterr()
    assert "--seed" in shown.out or "at least 500 rows" in shown.err
