"""Speed is compared on the same work: both sides of the ETL benchmark make the same numbers."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import etl, etl_pandas
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = IBIS_IS_BEHIND_DUCKDB


@pytest.mark.long
def test_pandas_makes_the_same_features_as_atoll(tmp_path: Path) -> None:
    etl.ledger_of(tmp_path / "raw.parquet", 3_000)
    ledger = etl.numbered(tmp_path / "raw.parquet")
    ours, theirs = etl.atoll_features(ledger).to_pandas(), etl_pandas.features(ledger)
    assert set(ours.columns) == set(theirs.columns)
    assert (ours.std() > 0).sum() > 40
    assert np.array_equal(ours, theirs[list(ours.columns)])
