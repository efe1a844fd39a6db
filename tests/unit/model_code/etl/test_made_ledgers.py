"""A seeded share of `make ledgers`: no ledger is read wrongly in silence, whatever its form and its fault."""

import pytest

from tests.ledgers.campaign import ALL, guessed, tried
from tests.unit.model_code.etl.ibis_warnings import IBIS_IS_BEHIND_DUCKDB

pytestmark = [IBIS_IS_BEHIND_DUCKDB, pytest.mark.long]


@pytest.mark.parametrize("seed", range(12))
def test_a_clean_ledger_in_any_form_is_read_as_it_is_true(seed: int) -> None:
    assert tried(seed, None) is None


@pytest.mark.parametrize(("seed", "fault"), list(enumerate(ALL)))
def test_no_fault_is_passed_over(seed: int, fault: str) -> None:
    assert tried(seed, fault) is None


def test_nine_of_ten_mappings_are_guessed_right() -> None:
    wrong = [said for seed in range(100, 110) if (said := guessed(seed))]
    assert len(wrong) <= 1, wrong
