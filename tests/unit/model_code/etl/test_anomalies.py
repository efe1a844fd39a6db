from datetime import date

import numpy as np
import pandas as pd
import pytest

from model_code.errors import InputError
from model_code.etl.anomalies import KINDS, inject, limits
from model_code.etl.generator import generate
from model_code.features.thresholds import Threshold

THRESHOLDS = (Threshold(date(1900, 1, 1), 3000.0), Threshold(date(2025, 10, 1), 5000.0))
PER_KIND = 42


@pytest.fixture(scope="module")
def ordinary() -> pd.DataFrame:
    ledger = generate(4000, seed=11)
    return ledger[ledger["label"] == 0].reset_index(drop=True)


@pytest.fixture(scope="module")
def injected(ordinary: pd.DataFrame) -> pd.DataFrame:
    return inject(ordinary, seed=5, rows_per_kind=PER_KIND, thresholds=THRESHOLDS)


def test_the_ledgers_own_rows_stay_as_they_are(ordinary: pd.DataFrame, injected: pd.DataFrame) -> None:
    own = injected[injected["label"] == 0].sort_values("transaction_id", ignore_index=True)
    pd.testing.assert_frame_equal(own, ordinary.sort_values("transaction_id", ignore_index=True), check_dtype=False)


def test_every_kind_adds_its_rows_with_new_ids_within_the_ledgers_days(
    ordinary: pd.DataFrame, injected: pd.DataFrame
) -> None:
    assert injected["kind"].value_counts().drop("").to_dict() == dict.fromkeys(KINDS, PER_KIND)
    assert injected["transaction_id"].is_unique
    assert injected["transaction_date"].max() <= ordinary["transaction_date"].max()
    assert (injected.loc[injected["label"] == 1, "amount"] > 0).all()


def test_one_seed_injects_the_same_rows(ordinary: pd.DataFrame, injected: pd.DataFrame) -> None:
    again = inject(ordinary, seed=5, rows_per_kind=PER_KIND, thresholds=THRESHOLDS)
    pd.testing.assert_frame_equal(injected, again)


def test_split_parts_stay_below_the_threshold_of_their_day(injected: pd.DataFrame) -> None:
    split = injected[injected["kind"] == "split"]
    limit = limits(split["transaction_date"], THRESHOLDS)
    assert (split["amount"] < limit).all()
    assert (split["amount"] >= 0.59 * limit).all()
    assert split.groupby(["card", "merchant"]).size().min() >= 3


def test_a_duplicate_repeats_card_merchant_and_amount_within_a_fortnight(
    ordinary: pd.DataFrame, injected: pd.DataFrame
) -> None:
    duplicates = injected[injected["kind"] == "duplicate"]
    pairs = duplicates.merge(ordinary, on=["card", "merchant", "amount"], suffixes=("", "_before"))
    days = (pairs["transaction_date"] - pairs["transaction_date_before"]).dt.days
    assert set(pairs.loc[days.between(1, 14), "transaction_id"]) == set(duplicates["transaction_id"])


def test_round_amounts_are_whole_hundreds(injected: pd.DataFrame) -> None:
    amounts = injected.loc[injected["kind"] == "round", "amount"]
    assert (amounts % 100 == 0).all()
    assert amounts.between(200, 4900).all()


def test_dormant_merchants_had_slept_for_half_a_year(ordinary: pd.DataFrame, injected: pd.DataFrame) -> None:
    dormant = injected[injected["kind"] == "dormant"]
    slept = dormant["transaction_date"] - dormant["merchant"].map(
        ordinary.groupby("merchant")["transaction_date"].max()
    )
    assert (slept >= pd.Timedelta(days=180)).all()


def test_weekend_purchases_are_made_at_weekends(injected: pd.DataFrame) -> None:
    assert (injected.loc[injected["kind"] == "weekend", "transaction_date"].dt.day_of_week >= 5).all()


def test_a_mismatched_code_is_none_that_the_merchant_uses(ordinary: pd.DataFrame, injected: pd.DataFrame) -> None:
    mismatched = injected[injected["kind"] == "mcc_mismatch"]
    own = set(zip(ordinary["merchant"], ordinary["mcc"], strict=True))
    assert not own & set(zip(mismatched["merchant"], mismatched["mcc"], strict=True))
    assert set(mismatched["mcc"]) <= set(ordinary["mcc"])


def test_velocity_is_one_card_at_many_merchants_within_three_days(injected: pd.DataFrame) -> None:
    velocity = injected[injected["kind"] == "velocity"]
    by_card = velocity.groupby("card")
    assert by_card.size().min() == 7
    assert by_card["merchant"].nunique().min() > 3
    assert np.allclose(by_card.size() % 7, 0)


def test_a_ledger_without_purchases_is_refused(ordinary: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"No anomalies can be injected: .* no purchase above 20"):
        inject(ordinary.assign(amount=-5.0), seed=1)


def test_kinds_without_material_are_left_out(ordinary: pd.DataFrame) -> None:
    same = ordinary.head(300).assign(merchant="ONE SHOP", mcc="5943")
    kinds = set(inject(same, seed=1)["kind"]) - {""}
    assert kinds == set(KINDS) - {"dormant", "mcc_mismatch"}
