"""Months are scored by the view that the model learned from; what came after a purchase is used where it was learnt."""

import json
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_code.container import etl, score
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.etl.pipeline import Job, run
from model_code.features.views import BATCH
from model_code.scoring.local import Order, deliver
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import MONTH, ROWS, history, made_ready, new_month, put, scored, trained

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


def test_make_score_has_nothing_to_train_the_view_by_without_labels_or_with_a_trained_model(
    ledger: pd.DataFrame, whole: Path, tmp_path: Path
) -> None:
    (tmp_path / "ledger.csv").write_bytes(to_csv(history(ledger)))
    (tmp_path / "new.csv").write_bytes(to_csv(new_month(ledger)))
    files = (tmp_path / "ledger.csv", tmp_path / "new.csv", tmp_path / "out")
    with pytest.raises(InputError, match="VIEW=batch is what a model is trained on, and MODEL is trained already"):
        deliver(Order(*files, model=whole, view="batch"), print)
    with pytest.raises(
        InputError, match=r"VIEW=batch needs labels, and ledger\.csv brings none and no CASES are named"
    ):
        deliver(Order(*files, view="batch"), print)


def test_a_classifier_of_the_batch_view_gives_reasons_of_cost_centres_and_of_what_came_after(tmp_path: Path) -> None:
    labelled = generate(ROWS, seed=4)
    (tmp_path / "ledger.csv").write_bytes(to_csv(history(labelled)))
    (tmp_path / "new.csv").write_bytes(to_csv(new_month(labelled)))
    said: list[str] = []
    order = Order(tmp_path / "ledger.csv", tmp_path / "new.csv", tmp_path / "out", view="batch", budget=40)
    deliver(order, said.append)
    assert any(step.startswith("trained: algorithm=classifier") for step in said)
    with tarfile.open(tmp_path / "out/model.tar.gz") as made:
        assert json.load(made.extractfile("manifest.json"))["view"] == "batch"  # ty: ignore[invalid-argument-type]
    scores = pd.read_parquet(tmp_path / "out/scores.parquet")
    told = [text for number in (1, 2, 3) for text in scores[f"reason_{number}"].dropna()]
    assert [text for text in told if "cost centre" in text and not text.startswith("For comparison")]
    assert [text for text in told if " bought at this vendor again " in text]


def unbooked(ledger: pd.DataFrame, how: str) -> bytes:
    """The rows without cost centres: all blank, or without the column."""
    return to_csv(ledger.drop(columns="cost_centre") if how == "absent" else ledger.assign(cost_centre=""))


@pytest.mark.parametrize("how", ["blank", "absent"])
def test_rows_without_any_cost_centre_are_refused_in_training_and_in_scoring(
    how: str, whole: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    put(tmp_path / "processing/input/ledger", "ledger.csv", unbooked(history(ledger), how))
    with pytest.raises(InputError, match=r"none of its 2,\d+ rows has a cost centre, and the view batch .* declare it"):
        etl.main(["--view", "batch"], tmp_path)
    with pytest.raises(InputError, match=r"^new\.csv: none of its 150 rows has a cost centre"):
        made_ready(tmp_path / "month", whole, to_csv(history(ledger)), unbooked(new_month(ledger), how))


def test_some_blank_cost_centres_are_counted(ledger: pd.DataFrame, tmp_path: Path) -> None:
    half = history(ledger).assign(cost_centre=lambda rows: rows["cost_centre"].where(rows.index % 2 == 0, ""))
    (tmp_path / "ledger.csv").write_bytes(to_csv(half))
    said: list[str] = []
    run(Job(tmp_path / "ledger.csv", tmp_path / "out", view=BATCH), said.append)
    assert any("rows have no cost centre; each counts as one of its own" in line for line in said)


def test_mostly_blank_cost_centres_end_training_and_scoring_until_acknowledged(
    whole: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    few = history(ledger).assign(cost_centre=lambda rows: rows["cost_centre"].where(rows.index % 3 == 0, ""))
    put(tmp_path / "processing/input/ledger", "ledger.csv", to_csv(few))
    with pytest.raises(
        InputError, match=r"blank_centres: ledger\.csv: 1,\d+ of 2,\d+ rows have no cost centre"
    ) as told:
        etl.main(["--view", "batch"], tmp_path)
    [warning] = json.loads((tmp_path / "processing/output/quarantine/data-report.json").read_bytes())["warnings"]
    assert (warning["kind"], warning["acknowledged"]) == ("blank_centres", False)
    [sha256] = re.findall(r'file = "(\w{64})"', str(told.value))
    acknowledged = f'[[acknowledged]]\nwarning = "blank_centres"\nfile = "{sha256}"\nwhy = "booked in May"\n'
    put(tmp_path / "processing/input/mapping", "columns.toml", f'currency = "USD"\n{acknowledged}'.encode())
    etl.main(["--view", "batch"], tmp_path)
    month = new_month(ledger).assign(cost_centre=["CC-1"] * 9 + [""] * (MONTH - 9))
    with pytest.raises(InputError, match=r"blank_centres: new\.csv: 141 of 150 rows"):
        made_ready(tmp_path / "month", whole, to_csv(history(ledger)), to_csv(month))


def test_a_mapping_that_knows_no_cost_centre_is_refused_by_name(
    whole: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    known = [name for name in ledger.columns if name != "cost_centre"]
    mapping = 'currency = "USD"\n[columns]\n' + "\n".join(f'{name} = "{name}"' for name in known)
    said = (
        "from a mapping with columns for mcc, office, cost_centre and these rows have a mapping with columns for mcc,"
    )
    with pytest.raises(InputError, match=said):
        made_ready(tmp_path, whole, to_csv(history(ledger)), to_csv(new_month(ledger)), mapping)
