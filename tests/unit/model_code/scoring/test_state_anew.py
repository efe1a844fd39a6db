"""A state that doesn't fit is made anew with every row and the rows of an id that counted before, or not at all."""

import json
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from model_code.errors import InputError
from model_code.etl import checking, state_fit
from model_code.etl.generate import to_csv
from model_code.etl.state import MANIFEST, UnfitError, read_state
from model_code.scoring.local import Order, deliver
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.scoring.ledgers import scored_by

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]

OTHER = 'currency = "USD"\nblank = ["-"]\n'


@pytest.mark.share(1)
@pytest.mark.parametrize("why", ["late rows", "mapping", "fits"])
def test_a_state_of_another_history_or_mapping_is_made_anew_and_one_that_fits_is_not(
    why: str,
    first: Path,
    archive: Path,
    ledger: pd.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    late = {"late.csv": ledger.iloc[700:710]} if why == "late rows" else {}
    files = {"ledger.csv": ledger.head(600), **late, "new.csv": ledger.iloc[600:640]}
    mapping, new = OTHER if why == "mapping" else "", ledger.iloc[640:660]
    state = first / "processing/output/state"
    rows, told = scored_by(tmp_path / "one", archive, new, ledger=files, mapping=mapping, state=state)
    said = capsys.readouterr().out
    expected = {
        "late rows": "made anew from ledger: the ledger has files that it doesn't know, with later, late or",
        "mapping": "made anew from ledger: its rows were read by another column mapping",
    }
    assert expected.get(why, "the state fits: 640 rows") in said
    whole, also = scored_by(tmp_path / "two", archive, new, ledger=files, mapping=mapping)
    assert rows.equals(whole)
    assert told["ledger_sha256"] == also["ledger_sha256"]


@pytest.mark.share(1)
@pytest.mark.parametrize("lacks", ["new.csv", "the order", "nothing"])
def test_a_state_that_does_not_fit_is_made_anew_by_all_files_in_their_order_or_kept(
    lacks: str, archive: Path, ledger: pd.DataFrame, tmp_path: Path
) -> None:
    corrected = ledger.iloc[590:640].assign(office="ANOTHER OFFICE")
    for name, rows in {"a": ledger.head(600), "b": corrected, "c": ledger.iloc[640:660]}.items():
        (tmp_path / f"{name}.csv").write_bytes(to_csv(rows))
    (tmp_path / "other.toml").write_text(OTHER)
    state, out, said = tmp_path / "state", tmp_path / "out", []
    deliver(Order(tmp_path / "a.csv", tmp_path / "b.csv", out, model=archive, state=state), said.append)
    before = {path: path.read_bytes() for path in state.rglob("*") if path.is_file()}
    folder = tmp_path / "ledger"
    folder.mkdir()
    names = {"new.csv": ["a"], "the order": ["a", "0b"], "nothing": ["a", "b"]}[lacks]
    for name in names:
        shutil.copyfile(tmp_path / f"{name[-1]}.csv", folder / f"{name}.csv")
    order = Order(folder, tmp_path / "c.csv", out, model=archive, mapping=tmp_path / "other.toml", state=state)
    if lacks == "nothing":
        deliver(order, said.append)
        rows = pd.read_parquet(state / "000000/content.parquet").set_index("transaction_id")
        assert (rows.loc[corrected["transaction_id"], "office"] == "ANOTHER OFFICE").all()
        assert '"accepted":660' in (state / MANIFEST).read_text()
        return
    expected = r"lacks files that were scored since \(b.csv\)" if lacks == "new.csv" else "a.csv, 0b.csv. Name them"
    with pytest.raises(InputError, match=f"read by another column mapping.*{expected}"):
        deliver(order, said.append)
    assert {path: path.read_bytes() for path in state.rglob("*") if path.is_file()} == before


def test_rows_that_were_in_the_future_count_from_their_day_on(
    archive: Path, ledger: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(day: date) -> None:
        for module in (checking, state_fit):
            monkeypatch.setattr(module, "today_somewhere", lambda: day)

    early = ledger.iloc[600:640].copy()
    early.iloc[:3, early.columns.get_loc("transaction_date")] = pd.Timestamp(2025, 6, 20)
    state, files = tmp_path / "none", {"ledger.csv": ledger.head(600), "new.csv": early}
    state.mkdir()
    on(date(2025, 6, 10))
    scored_by(tmp_path / "one", archive, early, ledger=ledger.head(600), mapping="", state=state)
    state, new = tmp_path / "one/processing/output/state", ledger.iloc[640:660]
    before = json.loads((state / MANIFEST).read_bytes())
    on(date(2025, 6, 19))
    _, told = scored_by(tmp_path / "fits", archive, new, ledger=None, mapping="", state=state)
    assert (before["accepted"], told["state_before_sha256"]) == (637, before["sha256"])
    on(date(2025, 6, 20))
    with pytest.raises(InputError, match="rows of 2025-06-20 count by now, which were in the future"):
        scored_by(tmp_path / "late", archive, new, ledger=None, mapping="", state=state)
    rows, told = scored_by(tmp_path / "anew", archive, new, ledger=files, mapping="", state=state)
    whole, also = scored_by(tmp_path / "whole", archive, new, ledger=files, mapping="")
    assert rows.equals(whole)
    assert (told["until"], told["state_before_sha256"]) == (also["until"], None) == ("2025-06-20", None)


def test_a_folder_that_holds_anything_is_never_taken_for_no_state_yet(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(UnfitError, match="there is none yet"):
            read_state(folder)
    (tmp_path / "note.txt").write_text("its manifest was moved away")
    with pytest.raises(InputError, match="nobody can tell which files were scored with it"):
        read_state(tmp_path)
