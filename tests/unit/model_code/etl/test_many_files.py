"""A ledger in many files is one ledger, and what it doesn't know has no features."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from model_code.container.etl import main
from model_code.errors import InputError
from model_code.etl.generate import to_csv
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB
from tests.unit.model_code.etl.test_pipeline import ROWS, content, ledger, output, read_json, root_with

__all__ = ["content", "ledger", "output"]
pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


def test_a_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    root_with(tmp_path, b"x", name="_SUCCESS")
    (tmp_path / "processing/input/ledger/.hidden").touch()
    with pytest.raises(InputError, match=r"There is no ledger in ledger: expected files that end in \.csv"):
        main([], tmp_path)


def test_a_ledger_in_many_files_gives_what_one_file_gives(output: Path, content: bytes, tmp_path: Path) -> None:
    header, *lines = content.splitlines(keepends=True)
    parts = [lines[:900], lines[900:901], lines[901:]]
    apart = root_with(tmp_path, header + b"".join(parts[0]), name="part-0.csv")
    folder = tmp_path / "processing/input/ledger"
    (folder / "part-1.csv.gz").write_bytes(gzip.compress(header + parts[1][0]))
    (folder / "later").mkdir()
    (folder / "later/part-2.TXT").write_bytes(header + b"".join(parts[2]))
    main([], tmp_path)
    for name in ("features/train.parquet", "features/test.parquet", "live/live.csv"):
        assert (apart / name).read_bytes() == (output / name).read_bytes(), name
    report = read_json(apart / "quarantine/report.json")
    assert [file["name"] for file in report["files"]] == ["later/part-2.TXT", "part-0.csv", "part-1.csv.gz"]
    assert sum(file["read"] for file in report["files"]) == report["read"] == ROWS + 2


def test_the_folders_of_a_ledgers_only_file_say_as_much_as_those_of_many(ledger: pd.DataFrame, tmp_path: Path) -> None:
    given = tmp_path / "processing/input/ledger/office=PARKS"
    given.mkdir(parents=True)
    (given / "part.csv").write_bytes(to_csv(ledger.drop(columns="office")))
    main([], tmp_path)
    [file] = read_json(tmp_path / "processing/output/quarantine/report.json")["files"]
    assert (file["name"], file["accepted"]) == ("office=PARKS/part.csv", ROWS)


def test_a_hidden_file_is_no_ledger_though_no_other_is_there(content: bytes, tmp_path: Path) -> None:
    root_with(tmp_path, content, name="_part.csv")
    with pytest.raises(InputError, match="There is no ledger in ledger"):
        main([], tmp_path)


def test_what_a_ledger_does_not_know_has_no_features(ledger: pd.DataFrame, tmp_path: Path) -> None:
    known = ledger[["transaction_id", "merchant", "amount", "transaction_date", "label"]]
    names = {name: f"c_{name}" for name in known.columns}
    columns = "\n".join(f'{name} = "{column}"' for name, column in names.items())
    mapping = f'currency = "EUR"\n[columns]\n{columns}\n'
    output = root_with(tmp_path, known.rename(columns=names).to_csv(index=False).encode(), mapping=mapping)
    main([], tmp_path)
    columns = read_json(output / "features/manifest.json")["columns"]
    assert len(columns) > 20
    assert not [name for name in columns if "mcc" in name or "office" in name or "threshold" in name]
    assert list(pd.read_parquet(output / "features/train.parquet").columns[3:]) == columns
