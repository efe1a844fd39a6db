"""The batch view: what it may see beyond the real-time view, and that the two are never mixed up."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from model_code.etl.generator import generate
from model_code.features.batch import BATCH_FEATURES
from model_code.features.build import build_features
from model_code.features.feature import LONG
from model_code.features.fields import Moment
from model_code.features.table import FEATURES
from model_code.features.views import BATCH, REALTIME, View
from model_code.features.windows import keeping
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
OWN = View("batch", Moment.BOOKING, BATCH_FEATURES)


def features_of(ledger: pd.DataFrame, view: View) -> pd.DataFrame:
    database = ibis.duckdb.connect(threads=1)
    rows = database.create_table("ledger", ibis.memtable(pa.Table.from_pandas(ledger, preserve_index=False)))
    built = build_features(rows, keep=keeping(database), view=view).to_pyarrow().to_pandas()
    database.disconnect()
    return built.drop(columns="row").set_index("transaction_id").sort_index()


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    """Few cost centres and merchants, so that purchases repeat."""
    made = generate(500, seed=6, end=date(2025, 6, 30))
    rng = np.random.default_rng(6)
    few = {"merchant": ["MUIR PAPER", "NORTH HARDWARE", "HARBOR GRILL"], "cost_centre": ["A", "B", "C", "D"]}
    drawn = {name: rng.choice(values, len(made)) for name, values in few.items()}
    return made.assign(**drawn, mcc=rng.choice(["5111", "5251"], len(made)), amount=rng.choice([10.0, 20.0], len(made)))


@pytest.fixture(scope="module")
def features(ledger: pd.DataFrame) -> pd.DataFrame:
    return features_of(ledger, OWN)


def test_the_real_time_view_neither_looks_ahead_nor_waits_for_a_field() -> None:
    assert [feature.name for feature in REALTIME.features if feature.ahead] == []
    assert max(feature.available_at for feature in REALTIME.features) == REALTIME.known_at == Moment.AUTHORISATION


def test_the_batch_view_never_waits_for_a_review() -> None:
    assert max(feature.available_at for feature in BATCH.features) == BATCH.known_at == Moment.BOOKING
    read = {field for feature in BATCH.features for field in feature.fields}
    assert not read & {"label", "kind", "description", "transaction_id"}


def test_each_own_feature_needs_what_the_real_time_view_cannot_have() -> None:
    assert all(feature.ahead or feature.available_at > Moment.AUTHORISATION for feature in BATCH_FEATURES)
    assert len(set(BATCH.columns)) == len(BATCH.columns) == len(FEATURES) + len(BATCH_FEATURES)
    assert BATCH.name != REALTIME.name


def test_a_real_time_feature_is_the_same_in_both_views(ledger: pd.DataFrame) -> None:
    both = features_of(ledger, BATCH)[list(REALTIME.columns)]
    pd.testing.assert_frame_equal(both, features_of(ledger, REALTIME)[list(REALTIME.columns)], check_exact=True)


def test_features_around_a_purchase_equal_plain_pandas(ledger: pd.DataFrame, features: pd.DataFrame) -> None:
    for _, row in ledger.sample(30, random_state=1).iterrows():
        away = (ledger["transaction_date"] - row["transaction_date"]).dt.days
        centre, merchant = ledger["cost_centre"] == row["cost_centre"], ledger["merchant"] == row["merchant"]
        same = ledger["amount"] == row["amount"]
        later = away[merchant & (away > 0)]
        at_merchant = merchant & (away.abs() <= LONG)
        expected = {
            "centre_number_same_day": np.log((centre & (away == 0)).sum()),
            "centre_number_3d": np.log((centre & (away.abs() <= 3)).sum()),
            "centre_merchant_spend_3d": np.log1p(ledger.loc[centre & merchant & (away.abs() <= 3), "amount"].sum()),
            "centre_same_amount_15d": np.log((centre & merchant & same & (away.abs() <= 15)).sum()),
            "merchant_days_until": later.min() if len(later) else LONG + 1,
            "merchant_mcc_share_around": ((at_merchant & (ledger["mcc"] == row["mcc"])).sum() - 1) / at_merchant.sum(),
        }
        actual = features.loc[row["transaction_id"], list(expected)].astype(float)
        np.testing.assert_allclose(actual, list(expected.values()), atol=1e-5)


@pytest.mark.parametrize("field", ["cost_centre", "posting_date", "description", "label", "merchant", "mcc", "amount"])
def test_an_own_feature_reads_no_field_but_those_it_declares(
    ledger: pd.DataFrame, features: pd.DataFrame, field: str
) -> None:
    moved = ledger.assign(**{field: ledger[field].sample(frac=1, random_state=1).to_numpy()})
    again = features_of(moved, OWN)
    changed = {name for name in OWN.columns if not again[name].equals(features[name])}
    assert changed == {feature.name for feature in BATCH_FEATURES if field in feature.fields}


@pytest.mark.parametrize("ahead", sorted({feature.ahead for feature in BATCH_FEATURES if feature.ahead}))
def test_a_feature_looks_ahead_no_further_than_it_declares(ledger: pd.DataFrame, ahead: int) -> None:
    first = ledger.iloc[[0]].assign(transaction_id="first", transaction_date=pd.Timestamp("2015-01-01"))
    edge = first["transaction_date"] + pd.Timedelta(days=ahead)
    inside = first.assign(transaction_id="inside", transaction_date=edge)
    beyond = first.assign(transaction_id="beyond", transaction_date=edge + pd.Timedelta(days=1))
    declared = [feature.name for feature in BATCH_FEATURES if feature.ahead == ahead]
    alone, near, far = (
        features_of(pd.concat([first, *others]), OWN).loc["first", declared] for others in ([], [inside], [beyond])
    )
    assert far.equals(alone)
    assert not near.equals(alone)


def test_an_unknown_cost_centre_shares_no_history(ledger: pd.DataFrame) -> None:
    built = features_of(ledger.assign(cost_centre=""), OWN)
    assert (built[["centre_number_same_day", "centre_merchant_number", "centre_mcc_share"]] == 0).all(axis=None)


def test_a_ledger_without_cost_centres_has_none_of_their_features_and_compares_none() -> None:
    bare = BATCH.of_ledger(lambda name: name != "cost_centre", thresholds=True)
    assert set(BATCH.columns) - set(bare.columns) == {name for name in BATCH.columns if name.startswith("centre_")}
    assert (BATCH.compared, bare.compared, REALTIME.compared) == (("cost_centre",), (), ())
