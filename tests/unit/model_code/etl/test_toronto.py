"""The reality check: real purchase cards through the whole of ETL. The files stand beside the project, never in it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from model_code.container.etl import main
from model_code.etl.mapping_file import known_mapping
from model_code.etl.reading import header_of
from model_code.features.table import COLUMNS
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

PROJECT = Path(__file__).resolve().parents[4]
LEDGER = PROJECT.parent / "shared/data/demo_sample_tor_fy.csv.gz"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not LEDGER.exists(), reason=f"the Toronto sample isn't beside the project: {LEDGER}"),
    IBIS_IS_BEHIND_DUCKDB,
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("toronto")
    for folder in ("ledger", "mapping"):
        (root / "processing/input" / folder).mkdir(parents=True)
    mapping = known_mapping(header_of(LEDGER), PROJECT / "tests/mappings")
    assert mapping is not None
    shutil.copyfile(mapping, root / "processing/input/mapping/columns.toml")
    shutil.copyfile(LEDGER, root / "processing/input/ledger" / LEDGER.name)
    main(["--inject", "7"], root)
    return root / "processing/output"


def test_no_real_row_is_lost_or_refused(output: Path) -> None:
    report = json.loads((output / "quarantine/report.json").read_text(encoding="ascii"))
    assert (report["read"], report["accepted"], report["reasons"]) == (39_238, 39_238, {})
    assert set(report["kinds"].values()) == {78}


def test_features_of_real_rows_are_finite_and_say_nothing_about_unknown_cards(output: Path) -> None:
    train = pd.read_parquet(output / "features/train.parquet")
    assert train[list(COLUMNS)].abs().max().max() < 1e6
    assert train[list(COLUMNS)].notna().all(axis=None)
    assert (train["card_number_30d"] == 0).all()
    assert (train["merchant_number_90d"] > 0).mean() > 0.5
