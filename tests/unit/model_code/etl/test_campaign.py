"""The campaign over made ledgers can fail: each way of being wrong in silence is seen."""

from pathlib import Path

import pandas as pd
import pytest

from model_code.etl.accepted import Accepted
from model_code.etl.mapping_file import read_mapping
from tests.ledgers.campaign import ALL, campaign, untrue
from tests.ledgers.faults import Fault, unknown_warnings
from tests.ledgers.forms import CONTAINERS, Ledger, made
from tests.ledgers.writers import write
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB


def as_read(ledger: Ledger) -> pd.DataFrame:
    """The truth as a reader without fault gives it."""
    frame = pd.DataFrame(ledger.truth, columns=["transaction_id", "merchant", "amount", "transaction_date", "office"])
    return frame.assign(transaction_date=pd.to_datetime(frame["transaction_date"]))


def test_the_truth_is_true() -> None:
    ledger = made(3)
    assert untrue(ledger, Accepted(as_read(ledger), {"blank row": 2})) is None
    rows = as_read(ledger)
    assert untrue(ledger, Accepted(rows.iloc[2:], {"amount is no number": 2})) is None


@pytest.mark.parametrize("change", ["amount", "day", "payee", "office", "id", "lost", "doubled"])
def test_each_way_of_being_wrong_is_seen(change: str) -> None:
    ledger = made(3)
    rows = as_read(ledger)
    if change == "amount":
        rows.loc[7, "amount"] *= 1000
    elif change == "day":
        rows.loc[7, "transaction_date"] += pd.Timedelta(days=1)
    elif change == "payee":
        rows.loc[7, "merchant"] = "ANOTHER"
    elif change == "office":
        rows.loc[7, "office"] = "Office 9"
    elif change == "id":
        rows.loc[7, "transaction_id"] = "R"
    else:
        rows = rows.iloc[1:] if change == "lost" else pd.concat([rows, rows.head(1)])
    assert untrue(ledger, Accepted(rows, {"blank row": 2})) is not None


def test_a_seed_gives_the_same_ledger_and_all_forms_come_up() -> None:
    assert made(5).rows == made(5).rows
    assert {made(seed).container for seed in range(60)} == set(CONTAINERS)
    assert len({made(seed).dates for seed in range(60)}) > 5


@pytest.mark.parametrize("seed", range(10))
def test_each_right_mapping_is_a_mapping(seed: int, tmp_path: Path) -> None:
    ledger = made(seed)
    (tmp_path / "columns.toml").write_text(ledger.mapping(), encoding="utf-8")
    assert read_mapping(tmp_path / "columns.toml").currency == ledger.currency


@pytest.mark.long
@pytest.mark.share(6)
@pytest.mark.parametrize("seed", range(300))
def test_no_made_ledger_is_read_wrongly_in_silence_and_no_clean_one_is_refused(seed: int) -> None:
    assert campaign([seed])["wrong"] | {"guessed": {}} == {"clean": {}, "spoilt": {}, "guessed": {}}


def test_every_fault_says_what_it_spoils() -> None:
    assert all(spoil.__doc__ for spoil, _ in ALL.values())
    assert len(ALL) >= 50
    assert not unknown_warnings(ALL)
    assert unknown_warnings({"x": Fault(write, "never_given|missing_month")}) == {"never_given"}
