"""An agency's own features are what they say, by plain pandas, and look at the days before alone."""

from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from model_code.etl.accepted import read_accepted
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.etl.mapping_file import read_mapping
from model_code.features.build import build_features
from model_code.features.fields import Moment
from model_code.features.views import BATCH, REALTIME, View
from model_code.features.windows import keeping
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.own_ledgers import FEATURES, MAPPING, with_own_columns

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    """The own features alone."""
    path = tmp_path_factory.mktemp("mapping") / "columns.toml"
    path.write_text(MAPPING)
    return REALTIME._replace(features=()).with_own(read_mapping(path).own)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Accepted rows as ETL leaves them; few vendors, so that they repeat."""
    folder = tmp_path_factory.mktemp("ledger")
    made = generate(500, seed=8, start=date(2025, 8, 1), end=date(2025, 11, 29))
    few = np.random.default_rng(8).choice(["ACME", "MUIR", "NORTH"], len(made))
    (folder / "ledger.csv").write_bytes(to_csv(with_own_columns(made.assign(merchant=few))))
    (folder / "columns.toml").write_text(MAPPING)
    return read_accepted(folder / "ledger.csv", folder / "columns.toml").rows


def features_of(ledger: pd.DataFrame, view: View, folder: Path) -> pd.DataFrame:
    ledger.to_parquet(folder / "rows.parquet")
    database = ibis.duckdb.connect(threads=2)
    built = build_features(database.read_parquet(folder / "rows.parquet"), keep=keeping(database), view=view)
    rows = built.to_pyarrow().to_pandas()
    database.disconnect()
    return rows.set_index("transaction_id").sort_index()


@pytest.fixture(scope="module")
def features(ledger: pd.DataFrame, view: View, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return features_of(ledger, view, tmp_path_factory.mktemp("features"))


def test_own_columns_are_carried_as_what_they_are(ledger: pd.DataFrame) -> None:
    assert set(ledger["own_grade"]) == {"GS-7", "GS-12", "SES", "", "STRASSE", "WG-1"}
    assert set(ledger["own_hours"].dropna()) == {0.0, 1.5, 40.0, -8.0, 1250.25, 0.01}
    assert ledger["own_hours"].isna().any()
    assert ledger["own_ends"].isna().any()
    assert ledger["own_ends"].dtype.kind == "M"
    assert "PETTY CASH FOR STAFF" in set(ledger["own_note"])
    assert ledger["own_booked"].notna().any()


def _logs(values: pd.Series) -> pd.Series:
    return values.abs().map(np.log1p) * values.map(np.sign)


def _unusual(value: float, before: pd.Series) -> float:
    before = before.dropna()
    if not len(before) or np.isnan(value):
        return 0.0
    return (value - before.mean()) / np.sqrt(before.var(ddof=0) + 0.1)


def test_own_features_equal_plain_pandas(ledger: pd.DataFrame, features: pd.DataFrame) -> None:
    amounts, hours = np.log1p(ledger["amount"].abs()), _logs(ledger["own_hours"])
    for at, row in ledger.sample(60, random_state=2).iterrows():
        ago = (row["transaction_date"] - ledger["transaction_date"]).dt.days
        same = {name: (ledger[name] == row[name]) & (row[name] != "") for name in ("office", "card", "merchant")}
        grade = (ledger["own_grade"] == row["own_grade"]) & (row["own_grade"] != "")
        office, here = same["office"] & ago.between(1, 700), grade & same["merchant"]
        noted, year = grade & ago.between(1, 300), ago.between(1, 365)
        largest = {
            "grade_largest": (amounts[at], amounts[grade & same["office"] & year]),
            "hours_largest": (hours[at], hours[same["merchant"] & year].dropna()),
        }
        expected = {
            "grade_in_office": min(
                0.05, (1 + (office & (ledger["own_grade"] == row["own_grade"])).sum()) / (1 + office.sum())
            ),
            "note_of_grade": (1 + (noted & (ledger["own_note"] == row["own_note"])).sum()) / (1 + noted.sum()),
            "grade_amount": _unusual(amounts[at], amounts[grade & year]),
            "hours_unusual": _unusual(hours[at], hours[same["office"] & year]),
            "hours_of_card": np.log1p(ledger.loc[same["card"] & ago.between(1, 30), "own_hours"].abs().sum()),
            "spent_by_grade": np.log1p(ledger.loc[grade & ago.between(1, 7), "amount"].abs().sum()),
            "hours_now": row["own_hours"],
            "after_the_end": (row["transaction_date"] - row["own_ends"]).days,
            "gifts": float("GIFT" in row["own_note"] or "PETTY CASH" in row["own_note"]),
            "grade_number": np.log1p((here & ago.between(1, 5)).sum()),
            "grade_since": ago[here & ago.between(1, 200)].min() if (here & ago.between(1, 200)).any() else 201,
        }
        expected |= {
            name: value - before.max() if len(before) and not np.isnan(value) else 0.0
            for name, (value, before) in largest.items()
        }
        actual = features.loc[row["transaction_id"], list(expected)].astype(float)
        np.testing.assert_allclose(actual, list(expected.values()), atol=4e-4, err_msg=str(list(expected)))
    assert set(expected) == set(FEATURES)
    assert (features[list(FEATURES)].std() > 0).all()


def test_neither_later_purchases_nor_others_of_its_day_move_an_own_feature(
    ledger: pd.DataFrame, features: pd.DataFrame, view: View, tmp_path: Path
) -> None:
    together = ledger.duplicated(["transaction_date", "own_grade"], keep=False) & (ledger["own_grade"] != "")
    for at, row in ledger[together].sample(5, random_state=3).iterrows():
        known = ledger[(ledger["transaction_date"] < row["transaction_date"]) | (ledger.index == at)]
        then = features_of(known, view, tmp_path).loc[row["transaction_id"], list(FEATURES)]
        pd.testing.assert_series_equal(then, features.loc[row["transaction_id"], list(FEATURES)])


def test_a_column_that_is_known_later_never_enters_the_real_time_view(view: View, tmp_path: Path) -> None:
    assert {column.name for column in view.own} == {"grade", "hours", "ends", "note"}
    (tmp_path / "columns.toml").write_text(MAPPING)
    own = read_mapping(tmp_path / "columns.toml").own
    assert "booked" in {column.name for column in BATCH.with_own(own).own}
    assert all(feature.available_at == Moment.AUTHORISATION for feature in own.made)


def test_how_common_a_common_value_is_moves_no_own_share(ledger: pd.DataFrame, view: View, tmp_path: Path) -> None:
    """Of few offices each has one such share, and all its purchases move as one: that looked like drift."""
    days = pd.date_range("2025-01-01", periods=100)
    first = ledger.head(1).assign(own_grade="GS-7", office="Parks")
    parts = [first.assign(transaction_date=day, own_grade="GS-12" if at % 3 else "GS-7") for at, day in enumerate(days)]
    parts.append(first.assign(transaction_date=days[-1], own_grade="SES"))
    made = pd.concat(parts).assign(transaction_id=[f"T{number:03d}" for number in range(101)])
    told = features_of(made, view, tmp_path)["grade_in_office"]
    assert set(told.iloc[2:100]) == {0.05}
    assert told.iloc[100] == round(1 / 100, 6)
