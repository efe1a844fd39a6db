"""`make score` on one machine: from the files of an agency to a table that a person can act on."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from model_code.scoring.__main__ import main
from model_code.scoring.local import Order, deliver
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import MONTH, history, new_month

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


@pytest.fixture(scope="module")
def files(ledger: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "ledger.csv").write_bytes(to_csv(history(ledger)))
    (folder / "new.csv").write_bytes(to_csv(new_month(ledger)))
    return folder


def test_with_a_released_model_the_table_says_who_how_much_compared_with_what_since_when(
    files: Path, archive: Path, ledger: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--ledger", str(files / "ledger.csv"), "--new", str(files / "new.csv"), "--model", str(archive)]
    main([*given, "--budget", "12", "--output", str(tmp_path)])
    said = capsys.readouterr().out
    scores = pd.read_parquet(tmp_path / "scores.parquet")
    assert sorted(scores["transaction_id"]) == sorted(new_month(ledger)["transaction_id"])
    for row in scores.head(10).to_dict("records"):
        head = next(line for line in said.splitlines() if row["transaction_id"] in line)
        for shown in (
            row["office"],
            row["merchant"],
            f"{row['amount']:,.2f} USD",
            f"{row['transaction_date']:%Y-%m-%d}",
        ):
            assert shown in head
        assert all(row[f"reason_{number}"] for number in (1, 2, 3))
        assert any(" since 20" in row[f"reason_{number}"] for number in (1, 2, 3))
    assert "2 more in review.xlsx" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "data-report.html",
        "report.json",
        "review.xlsx",
        "scores.csv",
        "scores.parquet",
        "set_aside.csv",
    ]
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


def test_without_a_model_one_is_trained_and_left_for_the_next_month(files: Path, tmp_path: Path) -> None:
    steps: list[str] = []
    theirs = tmp_path / "notes.txt"
    theirs.write_text("somebody's own")
    theirs.chmod(0o644)
    deliver(Order(files / "ledger.csv", files / "new.csv", tmp_path), steps.append)
    assert "no MODEL was named: training one on ledger.csv, no row invented" in steps
    assert any(step.startswith("trained: algorithm=isolation") for step in steps)
    assert (tmp_path / "model.tar.gz").stat().st_size > 0
    assert len(pd.read_parquet(tmp_path / "scores.parquet")) == MONTH
    assert theirs.stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_not_there_is_named_before_anything_is_read(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=r"NEW is .*gone\.csv, and there is no such file or folder"):
        deliver(Order(files / "ledger.csv", tmp_path / "gone.csv", tmp_path), print)
    with pytest.raises(SystemExit):
        main(["--ledger", str(tmp_path / "gone.csv"), "--new", "x", "--output", str(tmp_path)])
    assert "LEDGER is" in capsys.readouterr().err


def test_reviewed_cases_train_the_classifier(files: Path, ledger: pd.DataFrame, tmp_path: Path) -> None:
    before = history(ledger)["transaction_id"]
    reviewed = generate(len(ledger), seed=4).set_index("transaction_id")
    labels = reviewed.loc[before, ["label", "kind"]].reset_index()
    labels[(labels["label"] == 1) | (labels.index % 40 == 0)].to_csv(tmp_path / "cases.csv", index=False)
    steps: list[str] = []
    order = Order(files / "ledger.csv", files / "new.csv", tmp_path / "out", cases=tmp_path / "cases.csv")
    deliver(order, steps.append)
    assert any(step.startswith("trained: algorithm=classifier") for step in steps)
    assert any(step.endswith(f"{labels['label'].sum()} anomalies, 0 without a row") for step in steps)


def test_cases_beside_a_model_that_is_trained_already_are_refused(files: Path, archive: Path, tmp_path: Path) -> None:
    order = Order(files / "ledger.csv", files / "new.csv", tmp_path, cases=files / "new.csv", model=archive)
    with pytest.raises(InputError, match="CASES are labels to train by, and MODEL is trained already"):
        deliver(order, print)


@pytest.mark.parametrize(("what", "where"), [("STATE", "state"), ("OUTPUT", "output")])
@pytest.mark.parametrize("name", ["LEDGER", "NEW"])
def test_what_a_scoring_writes_never_lies_where_purchases_are_read(
    files: Path, tmp_path: Path, what: str, where: str, name: str
) -> None:
    """The next scoring would read the state's rows as purchases."""
    order = Order(files / "ledger.csv", files / "new.csv", tmp_path / "o")
    order = dataclasses.replace(order, **{name.lower(): files, where: files / "inside/of"})
    with pytest.raises(InputError, match=rf"{what} is .*inside/of, which lies in {name} .*read as purchases"):
        deliver(order, print)
    assert not (files / "inside").exists()
