"""One model and one scored month for all tests of scoring."""

from pathlib import Path

import pandas as pd
import pytest

from model_code.etl.generate import to_csv
from tests.unit.model_code.scoring.ledgers import history, made_ready, new_month, purchases, scored_by, trained


@pytest.fixture(scope="package")
def ledger() -> pd.DataFrame:
    return purchases()


@pytest.fixture(scope="package")
def archive(ledger: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("trained"), history(ledger))


@pytest.fixture(scope="package")
def root(ledger: pd.DataFrame, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job's root after `etl --score`; tests read it, and run `score` in it."""
    made = tmp_path_factory.mktemp("scored")
    made_ready(made, archive, to_csv(history(ledger)), to_csv(new_month(ledger)))
    return made


@pytest.fixture(scope="package")
def first(archive: Path, ledger: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job's root after a first day by the state: 600 rows of history, 40 new ones. Tests read it."""
    made, none = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("none")
    scored_by(made, archive, ledger.iloc[600:640], ledger=ledger.head(600), mapping="", state=none)
    return made
