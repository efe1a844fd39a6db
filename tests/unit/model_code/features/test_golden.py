"""Golden rows from the ledger to the features: what a feature means never changes without anyone noticing.

A model in production was trained on the old meaning. After a change on purpose, write them anew, and train anew:
`python -m tests.unit.model_code.features.test_golden`.
"""

import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.features.views import BATCH
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.features.test_batch import features_of

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
GOLDEN = Path(__file__).with_name("golden.json")
ROWS, SHOWN = 80, 8


def computed(ledger: str) -> pd.DataFrame:
    """The features of a ledger in CSV, by id."""
    rows = pd.read_csv(io.StringIO(ledger), dtype="str", keep_default_na=False)
    days = {name: pd.to_datetime(rows[name]) for name in ("transaction_date", "posting_date")}
    rows = rows.assign(**days, amount=rows["amount"].astype(float), label=rows["label"].astype("int8"))
    return features_of(rows, BATCH)[list(BATCH.columns)]


def test_the_golden_purchases_have_the_features_that_they_always_had() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    features = computed(golden["ledger"])
    now = {id_: features.loc[id_].to_dict() for id_ in golden["features"]}
    assert list(features.columns) == list(next(iter(golden["features"].values())))
    assert now == golden["features"]


def test_the_golden_purchases_tell_every_feature_apart() -> None:
    golden = pd.DataFrame(json.loads(GOLDEN.read_text(encoding="utf-8"))["features"]).T
    assert len(golden) == SHOWN
    assert (golden.max() > golden.min()).all(), golden.columns[golden.max() == golden.min()]


def write() -> None:
    """Choose a few cards, merchants and amounts, so that every window holds something, and purchases that differ."""
    made, rng = generate(500, seed=11, end=date(2025, 3, 31)).head(ROWS), np.random.default_rng(11)
    few = {"card": ["C1", "C2"], "office": ["O1", "O2"], "cost_centre": ["K1", "K2"]}
    few |= {"merchant": ["MUIR PAPER 1", "MUIR PAPER 2", "WWW.SHOP.COM"], "merchant_currency": ["USD", "EUR", ""]}
    drawn = {name: rng.choice(values, ROWS) for name, values in few.items()}
    seldom = [f"{7000 + number}" for number in range(ROWS // 5)]
    drawn["mcc"] = np.concatenate([rng.choice(["5111", "5251"], ROWS - len(seldom)), seldom])
    amounts = rng.choice([19.99, 300.0, 9500.0, 42.5, -19.99], ROWS)
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 75, ROWS)), "D")
    ledger = to_csv(made.assign(**drawn, amount=amounts, transaction_date=days)).decode()
    features = computed(ledger)
    for seed in range(10_000):
        shown = features.sample(SHOWN, random_state=seed)
        if (shown.max() > shown.min()).all():
            break
    rows = {str(id_): row.to_dict() for id_, row in shown.iterrows()}
    GOLDEN.write_text(json.dumps({"ledger": ledger, "features": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
