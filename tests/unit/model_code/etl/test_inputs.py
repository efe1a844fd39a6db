"""The small ledgers beside the project, on which Atoll once failed, are read or refused as their page expects."""

from pathlib import Path

import pytest

from model_code.errors import InputError
from tests.ledgers.found import EXPECTED, INPUTS, outcome
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [
    IBIS_IS_BEHIND_DUCKDB,
    pytest.mark.long,
    pytest.mark.skipif(not INPUTS.is_dir(), reason="The findings' inputs don't lie beside the project."),
]


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: f"{case.file}, {case.mapping}")
def test_each_input_is_read_or_refused_as_its_page_expects(case, tmp_path: Path) -> None:  # noqa: ANN001
    assert outcome(case, tmp_path) is None


def test_an_outcome_that_differs_is_told(tmp_path: Path) -> None:
    wrong = EXPECTED[0]._replace(amounts=(1.0,))
    assert "expected" in (outcome(wrong, tmp_path) or "")
    assert issubclass(InputError, Exception)
