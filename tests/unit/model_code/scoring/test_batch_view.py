"""Months are scored by the view that the model learned from; what came after a purchase is used where it was learnt."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.container import etl, score
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.features.views import BATCH
from model_code.scoring.local import Order, deliver
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import MONTH, history, made_ready, new_month, put, scored, trained

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


@pytest.fixture(scope="module")
def whole(ledger: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a model of the batch view."""
    return trained(tmp_path_factory.mktemp("whole"), history(ledger), view="batch")


@pytest.fixture(scope="module")
def made(whole: Path, ledger: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job's root after `etl --score` for that model; one row has another cost centre than in the ledger."""
    folder = tmp_path_factory.mktemp("made")
    month = new_month(ledger).reset_index(drop=True)
    month.loc[3, "cost_centre"] = "CC-OTHER"
    made_ready(folder, whole, to_csv(history(ledger)), to_csv(month))
    return folder


def rows_of(made: Path) -> pd.DataFrame:
    return pd.read_parquet(made / "processing/output/rows/rows.parquet").set_index("transaction_id")


def test_the_model_says_in_every_file_what_it_was_trained_on(whole: Path) -> None:
    with tarfile.open(whole) as archive:
        names = ("manifest.json", "features.json", "card.json")
        manifest, features, card = (json.load(archive.extractfile(name)) for name in names)  # ty: ignore[invalid-argument-type]
    assert manifest["view"] == features["view"] == card["data"]["view"] == "batch"
    assert features["columns"] == list(BATCH.columns)
    assert "whole months" in card["intended_use"]
    assert any("no endpoint can serve it" in limit for limit in card["limits"])


def test_a_months_rows_equal_those_of_the_whole_ledger_with_what_came_after_them(
    made: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    rows = rows_of(made)
    changed = ledger.set_index("transaction_id")
    changed.loc[rows.index[rows["cost_centre"] == "CC-OTHER"], "cost_centre"] = "CC-OTHER"
    put(tmp_path / "processing/input/ledger", "ledger.csv", to_csv(changed.reset_index()[ledger.columns]))
    etl.main(["--view", "batch"], tmp_path)
    parts = [pd.read_parquet(path) for path in (tmp_path / "processing/output").rglob("*.parquet")]
    expected = pd.concat(parts).set_index("transaction_id").loc[rows.index, list(BATCH.columns)]
    assert len(rows) == MONTH
    assert np.array_equal(rows[list(BATCH.columns)].to_numpy(), expected.to_numpy())
    assert len(set(rows["centre_merchant_days_until"])) > 1


def test_another_cost_centre_makes_it_another_purchase_for_a_model_that_reads_it(made: Path) -> None:
    rows = rows_of(made)
    assert rows.loc[rows["cost_centre"] == "CC-OTHER", "status"].tolist() == ["changed"]
    assert set(rows.loc[rows["cost_centre"] != "CC-OTHER", "status"]) == {"new", "in the ledger"}


def test_rows_of_another_view_than_the_models_are_refused_by_name(made: Path, archive: Path, tmp_path: Path) -> None:
    table = scored(made)
    assert table["rank"].notna().any()
    assert "CC-OTHER" in set(table["cost_centre"])
    other = tmp_path / "other"
    shutil.copytree(made, other)
    put(other / "processing/input/model", "model.tar.gz", archive.read_bytes())
    with pytest.raises(InputError, match="trained on the view realtime and these rows are of the view batch"):
        score.main([], other)


def test_make_score_trains_on_the_view_that_is_asked_for_and_a_trained_model_has_its_own(
    ledger: pd.DataFrame, whole: Path, tmp_path: Path
) -> None:
    (tmp_path / "ledger.csv").write_bytes(to_csv(history(ledger)))
    (tmp_path / "new.csv").write_bytes(to_csv(new_month(ledger)))
    files = (tmp_path / "ledger.csv", tmp_path / "new.csv", tmp_path / "out")
    with pytest.raises(InputError, match="VIEW=batch is what a model is trained on, and MODEL is trained already"):
        deliver(Order(*files, model=whole, view="batch"), print)
    deliver(Order(*files, view="batch"), print)
    with tarfile.open(tmp_path / "out/model.tar.gz") as made:
        assert json.load(made.extractfile("manifest.json"))["view"] == "batch"  # ty: ignore[invalid-argument-type]
