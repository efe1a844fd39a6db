"""What a feature may see (only the days before, only fields known at authorisation) and must say (by plain pandas)."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_code.etl.generator import generate
from model_code.features.build import build_features
from model_code.features.fields import FIELDS, Moment
from model_code.features.table import COLUMNS, FEATURES
from model_code.features.thresholds import FAR_MICRO_PURCHASE, Threshold
from model_code.features.windows import keeping
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]
START, DAYS = date(2025, 8, 1), 120


def features_of(
    ledger: pd.DataFrame, *, thresholds: Sequence[Threshold] = FAR_MICRO_PURCHASE, threads: int = 1
) -> pd.DataFrame:
    database = ibis.duckdb.connect(threads=threads)
    rows = database.create_table("ledger", ibis.memtable(pa.Table.from_pandas(ledger, preserve_index=False)))
    built = build_features(rows, keep=keeping(database), thresholds=thresholds).to_pyarrow().to_pandas()
    database.disconnect()
    return built.drop(columns="row").set_index("transaction_id").sort_index()


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    """A small, dense ledger: few cards and merchants, many purchases on one day, across a change of the threshold."""
    made = generate(500, seed=8, start=START, end=START + timedelta(days=DAYS))
    busy = made["merchant"].value_counts().index[:25]
    rng = np.random.default_rng(8)
    merchant = made["merchant"].where(made["merchant"].isin(busy), rng.choice(busy, len(made)))
    # ETL lets one currency through; here both sides of the comparison vary.
    currencies = {name: rng.choice(["USD", "EUR"], len(made)) for name in ("currency", "merchant_currency")}
    merchant = merchant.where(merchant != busy[0], "WWW.EXAMPLE.COM")
    return made.assign(merchant=merchant, card=rng.choice(["CARD-1", "CARD-2", "CARD-3"], len(made)), **currencies)


@pytest.fixture(scope="module")
def features(ledger: pd.DataFrame) -> pd.DataFrame:
    return features_of(ledger)


def test_every_row_gets_every_feature_as_a_finite_number(ledger: pd.DataFrame, features: pd.DataFrame) -> None:
    assert list(features.columns) == ["transaction_date", *COLUMNS]
    assert sorted(features.index) == sorted(ledger["transaction_id"])
    assert (features.dtypes[list(COLUMNS)] == "float64").all()
    assert np.isfinite(features[list(COLUMNS)]).all(axis=None)
    assert (features[list(COLUMNS)].std() > 0).all()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=st.integers(0, DAYS), what=st.sampled_from(["remove", "change", "repeat", "shuffle"]), seed=st.integers(0, 99)
)
def test_later_rows_and_the_same_days_other_rows_never_matter(
    ledger: pd.DataFrame, features: pd.DataFrame, day: int, what: str, seed: int
) -> None:
    moment = pd.Timestamp(START + timedelta(days=day))
    past, rest = ledger[ledger["transaction_date"] < moment], ledger[ledger["transaction_date"] >= moment]
    today = rest[rest["transaction_date"] == moment]
    observed = today.sample(min(1, len(today)), random_state=seed)
    others = _distorted(rest.drop(observed.index), what, np.random.default_rng(seed))
    again = features_of(pd.concat([others, observed, past]))
    known = [*past["transaction_id"], *observed["transaction_id"]]
    pd.testing.assert_frame_equal(again.loc[known], features.loc[known])


def _distorted(rows: pd.DataFrame, what: str, rng: np.random.Generator) -> pd.DataFrame:
    if what == "remove":
        return rows[rng.random(len(rows)) < 0.3]
    if what == "repeat":
        return pd.concat([rows, rows.assign(transaction_id="again " + rows["transaction_id"])])
    shuffled = rows.iloc[rng.permutation(len(rows))]
    if what == "shuffle":
        return shuffled
    changed = {name: shuffled[name].to_numpy() for name in ("merchant", "card", "office", "mcc")}
    return rows.assign(**changed, amount=-3 * rows["amount"] - 1)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_order_of_rows_and_the_number_of_threads_never_matter(
    ledger: pd.DataFrame, features: pd.DataFrame, threads: int
) -> None:
    again = features_of(ledger.sample(frac=1, random_state=threads), threads=threads)
    pd.testing.assert_frame_equal(again, features, check_exact=True)


def test_every_feature_is_known_at_authorisation() -> None:
    late = [feature.name for feature in FEATURES if feature.available_at > Moment.AUTHORISATION]
    assert late == []


@pytest.mark.share(4)
@pytest.mark.parametrize("field", [name for name in FIELDS if name not in {"transaction_id", "transaction_date"}])
def test_a_feature_reads_no_field_but_those_it_declares(
    ledger: pd.DataFrame, features: pd.DataFrame, field: str
) -> None:
    moved = ledger.assign(**{field: ledger[field].sample(frac=1, random_state=1).to_numpy()})
    again = features_of(moved)
    changed = {name for name in COLUMNS if not again[name].equals(features[name])}
    assert changed == {feature.name for feature in FEATURES if field in feature.fields}


def test_a_late_field_cannot_even_be_missed(ledger: pd.DataFrame, features: pd.DataFrame) -> None:
    known = ledger[[name for name, field in FIELDS.items() if field.available_at == Moment.AUTHORISATION]]
    pd.testing.assert_frame_equal(features_of(known), features)


@pytest.mark.share(4)
@pytest.mark.parametrize("days", sorted({feature.days for feature in FEATURES} - {0}))
def test_a_feature_looks_back_no_further_than_it_declares(ledger: pd.DataFrame, days: int) -> None:
    last = ledger.iloc[[-1]].assign(transaction_id="last", transaction_date=pd.Timestamp("2027-06-30"))
    edge = last["transaction_date"] - pd.Timedelta(days=days)
    inside = [
        last.assign(transaction_date=edge, transaction_id=f"in {factor}", amount=factor * last["amount"])
        for factor in (1, 10, 100)
    ]
    beyond = last.assign(transaction_date=edge - pd.Timedelta(days=1), transaction_id="beyond", amount=5000.0)
    declared = [feature.name for feature in FEATURES if feature.days == days]
    near = features_of(pd.concat([*inside, last])).loc["last", declared]
    assert near.equals(features_of(pd.concat([beyond, *inside, last])).loc["last", declared])
    assert not near.equals(features_of(last).loc["last", declared])


def test_trailing_features_equal_plain_pandas(ledger: pd.DataFrame, features: pd.DataFrame) -> None:
    for _, row in ledger.sample(40, random_state=2).iterrows():
        ago = (row["transaction_date"] - ledger["transaction_date"]).dt.days
        at_card, at_merchant = ledger["card"] == row["card"], ledger["merchant"] == row["merchant"]
        same = ledger["amount"] == row["amount"]
        logs = np.log1p(ledger["amount"].abs())
        here = logs[at_merchant & ago.between(1, 180)]
        expected = {
            "card_number_3d": np.log1p((at_card & ago.between(1, 3)).sum()),
            "card_spend_7d": np.log1p(ledger.loc[at_card & ago.between(1, 7), "amount"].abs().sum()),
            "merchant_days_since": ago[at_merchant & ago.between(1, 1095)].min() if len(here) else 1096,
            "merchant_unusual": (np.log1p(abs(row["amount"])) - here.mean()) / np.sqrt(here.var(ddof=0) + 0.1),
            "pair_number_5d": np.log1p((at_card & at_merchant & ago.between(1, 5)).sum()),
            "same_amount_90d": np.log1p((at_merchant & same & ago.between(1, 90)).sum()),
        }
        actual = features.loc[row["transaction_id"], list(expected)].astype(float)
        np.testing.assert_allclose(actual, np.nan_to_num(list(expected.values())), atol=2e-4)


def test_a_web_shop_is_told_by_its_name_and_initials_are_none(ledger: pd.DataFrame) -> None:
    web = ["WWW.SHOP.COM", "EPOCH.COM PB", "AMAZON.CA", "SHOP.NET 12", "PAYPAL *EBAY", "DISPLAYS2GO.C"]
    others = ["J.C. ROCK LTD", "ST.CATHARINES HYDRO", "A.COMPANY", "MUIR"]
    rows = ledger.head(len(web) + len(others)).assign(merchant=[*web, *others])
    built = features_of(rows)["merchant_on_the_web"].to_dict()
    assert [built[each] for each in rows["transaction_id"]] == [1.0] * len(web) + [0.0] * len(others)


def test_what_an_office_does_daily_says_no_more_however_often_it_does_it() -> None:
    """Two offices, one four times as large as the other: the same of each, but for what is seldom."""
    days = pd.date_range("2025-01-01", periods=60)
    made = generate(500, seed=1).head(1)
    parts = [
        made.loc[made.index.repeat(60 * times)].assign(office=office, transaction_date=np.tile(days, times))
        for office, times in (("small", 1), ("large", 4))
    ]
    seldom = [made.assign(office=office, mcc="9999", transaction_date=days[-1]) for office in ("small", "large")]
    ledger = pd.concat([*parts, *seldom])
    ledger["transaction_id"] = [f"T{number}" for number in range(len(ledger))]
    built = features_of(ledger).join(ledger.set_index("transaction_id")[["office", "mcc"]])
    last = built[built["transaction_date"] == days[-1]].groupby(["office", "mcc"])
    told = last[["office_mcc_number", "office_mcc_share"]].first().round(4).to_dict("index")
    daily = {"office_mcc_number": round(np.log(21), 4), "office_mcc_share": 0.05}
    assert told["small", made["mcc"].iloc[0]] == told["large", made["mcc"].iloc[0]] == daily
    assert told["small", "9999"] == {"office_mcc_number": 0.0, "office_mcc_share": round(1 / 60, 4)}
    assert told["large", "9999"] == {"office_mcc_number": 0.0, "office_mcc_share": round(1 / 237, 4)}


def test_this_purchases_own_features_are_as_declared() -> None:
    days = ["2025-09-30", "2025-10-01", "2025-10-04", "2025-10-05", "2025-10-06"]
    amounts = [5000.0, 7500.0, -19.99, 1234.5, 100_000.0]
    own = generate(500, seed=1).head(5).assign(transaction_date=pd.to_datetime(days), amount=amounts)
    built = features_of(own)
    assert built["share_of_threshold"].round(4).tolist() == [0.5, 0.5, -0.0013, 0.0823, 6.6667]
    assert built["weekend"].tolist() == [0, 0, 1, 1, 0]
    assert built["roundness"].tolist() == [5, 4, 0, 1, 5]
    assert built["price_ending"].tolist() == [0, 0, 1, 0, 0]
    assert built["refund"].tolist() == [0, 0, 1, 0, 0]


def test_another_ledgers_thresholds_are_taken_from_its_mapping(ledger: pd.DataFrame) -> None:
    shares = features_of(ledger, thresholds=[Threshold(date(2020, 1, 1), 3000.0)])["share_of_threshold"]
    assert np.allclose(shares, shares.index.map(ledger.set_index("transaction_id")["amount"]) / 3000, atol=1e-6)


def test_unknown_cards_share_no_history(ledger: pd.DataFrame) -> None:
    built = features_of(ledger.assign(card=""))
    assert (built[["card_number_30d", "card_spend_30d", "pair_number_90d", "card_unusual"]] == 0).all(axis=None)
    assert (built["pair_days_since"] == 91).all()
    assert built["merchant_number_90d"].max() > 0


def test_a_blank_card_has_no_history_though_its_rows_id_is_another_card(ledger: pd.DataFrame) -> None:
    named = ledger.assign(card="7").reset_index(drop=True)
    last = named["transaction_date"].idxmax()
    named.loc[last, ["transaction_id", "card"]] = "7", ""
    built = features_of(named).loc["7"]
    assert (built["card_number_30d"], built["pair_days_since"]) == (0, 91)
