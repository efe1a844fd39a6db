"""No file overwrites what a state has of other purchases: by ids that begin anew, or by coming a second time."""

import json
from pathlib import Path

import pandas as pd
import pytest

from model_code.errors import InputError
from model_code.etl.generate import to_csv
from model_code.etl.writing import sha256_of
from model_code.scoring.local import Order, deliver
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import scored_by

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


def test_a_file_that_was_scored_ends_with_a_sentence_and_changes_nothing(
    archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    for name, rows in {"ledger": ledger.head(600), "a": ledger.iloc[600:640]}.items():
        (tmp_path / f"{name}.csv").write_bytes(to_csv(rows))
    state, out, said = tmp_path / "state", tmp_path / "out", []
    deliver(Order(tmp_path / "ledger.csv", tmp_path / "a.csv", out, model=archive, state=state), said.append)
    (tmp_path / "a.csv").rename(tmp_path / "renamed.csv")
    before = {path: path.read_bytes() for folder in (state, out) for path in folder.rglob("*") if path.is_file()}
    for name in ("renamed.csv", "ledger.csv"):
        order = Order(None, tmp_path / name, out, model=archive, state=state)
        with pytest.raises(InputError, match=rf"The state has every row of {name} already.*leave the state out"):
            deliver(order, said.append)
    assert {
        path: path.read_bytes() for folder in (state, out) for path in folder.rglob("*") if path.is_file()
    } == before


def test_ids_of_lines_are_refused_beside_a_state(archive: Path, ledger: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r'ids = "number" makes ids of a file.*or score without a state'):
        scored_by(
            tmp_path / "job",
            archive,
            ledger.iloc[600:640],
            ledger=ledger.head(600),
            mapping='currency = "USD"\nids = "number"\n',
            state=tmp_path / "none",
        )


@pytest.mark.share(1)
@pytest.mark.parametrize("by_state", [True, False])
def test_ids_that_begin_anew_in_a_new_file_end_the_job_until_acknowledged(
    first: Path, archive: Path, ledger: pd.DataFrame, tmp_path: Path, *, by_state: bool
) -> None:
    new = ledger.iloc[640:652].assign(transaction_id=ledger["transaction_id"].iloc[:12].to_numpy())
    given = {"state": first / "processing/output/state"} if by_state else {}
    history = None if by_state else ledger.head(640)
    with pytest.raises(InputError, match=r"ids_used_again: \d+ of 12 ids that the history has come back"):
        scored_by(tmp_path / "one", archive, new, ledger=history, mapping="", **given)
    report = json.loads((tmp_path / "one/processing/output/quarantine/data-report.json").read_bytes())
    assert [each["kind"] for each in report["warnings"] if not each["acknowledged"]] == ["ids_used_again"]
    assert "ids_used_again" in report["refused"]
    if by_state:
        return
    sha256 = sha256_of(tmp_path / "one/processing/input/new/new.csv")
    mapping = f'currency = "USD"\n[[acknowledged]]\nwarning = "ids_used_again"\nfile = "{sha256}"\nwhy = "they do"\n'
    _, told = scored_by(tmp_path / "two", archive, new, ledger=history, mapping=mapping)
    assert told["statuses"] == {"changed": 12}
