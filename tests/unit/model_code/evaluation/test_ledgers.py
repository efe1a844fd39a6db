"""The real ledger in our schema, with a stand-in for the City's file and for the injector beside it."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from model_code.evaluation.ledgers import INJECTOR_FILE, SEEDS, TORONTO_FILE, toronto_injected, toronto_weak
from model_code.features.fields import FIELDS

INJECTOR = """
def inject(ledger, *, seed, history=None):
    past = 0 if history is None else len(history)
    extra = ledger.head(1).assign(kind=f"seed {seed}, {past} before")
    both = __import__("pandas").concat([ledger.assign(kind=""), extra])
    return both.assign(injected=both["kind"] != "")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    days = pd.to_datetime(["2016-01-04", "2018-06-29", "2018-07-02", "2018-10-15", "2019-03-01", "2019-03-02"])
    purposes = ["DISPUTED", "PAPER", None, "ACFE FRAUD CONFERENCE", "FRAUD - REPORTED", "DISPUTE"]
    frame = pd.DataFrame(
        {
            "division": "Parks",
            "batch_txn_id": "1-1",
            "txn_date": days,
            "post_date": days,
            "merchant": " the  Shop ",
            "amount": [10.0, 20.0, 30.0, 40.0, 50.0, -60.0],
            "orig_amount": 1.0,
            "orig_currency": ["CAD", "USD", None, "CAD", "GBP", "CAD"],
            "gl": "4233",
            "cost_centre": ["A", None, "B", "B", "B", "B"],
            "mcc": ["5411", None, "5411", "5411", "5411", "5411"],
            "purpose": purposes,
        }
    )
    frame.to_parquet(tmp_path / TORONTO_FILE)
    (tmp_path / INJECTOR_FILE).write_text(INJECTOR, encoding="utf-8")
    return tmp_path


def test_each_period_is_injected_by_itself_with_its_seed_and_its_history(folder: Path) -> None:
    ledger = toronto_injected(folder)
    assert ledger.rows.loc[ledger.rows["label"] == 1, "kind"].tolist() == [
        f"seed {SEEDS['train']}, 0 before",
        f"seed {SEEDS['validation']}, 2 before",
        f"seed {SEEDS['test']}, 4 before",
    ]
    assert SEEDS == {"train": 100, "validation": 101, "test": 102}
    assert ledger.periods[2].first == date(2019, 1, 1)


def test_rows_are_in_our_schema_with_ids_of_their_own_and_no_late_texts(folder: Path) -> None:
    rows = toronto_injected(folder).rows
    assert list(rows.columns) == list(FIELDS)
    assert rows["transaction_id"].is_unique
    assert set(rows["merchant"]) == {"THE SHOP"}
    assert set(rows["description"]) == {""}
    assert rows.notna().all(axis=None)


def test_weak_labels_are_disputed_purchases_and_not_talk_about_fraud(folder: Path) -> None:
    rows = toronto_weak(folder).rows
    assert rows.loc[rows["label"] == 1, "amount"].tolist() == [10.0, 50.0]
    assert set(rows.loc[rows["label"] == 1, "kind"]) == {"disputed"}
