"""A seeded share of `make faults`, and the proof that it can fail: mutants of the functions each break a promise."""

import pytest

from lambdas.release import decisions
from tests.faults.mutants import MUTANTS, RARE, Mutant
from tests.faults.run import Run, run

SEQUENCES = 250
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lived() -> Run:
    return run(SEQUENCES)


def test_no_life_breaks_a_promise(lived: Run) -> None:
    assert lived.broken == []


def test_the_lives_come_to_every_state_and_most_crash_points(lived: Run) -> None:
    assert set(lived.tally.states) == {"registered", *decisions._NEXT, *decisions.OVER}
    assert len(lived.tally.stories) >= SEQUENCES
    assert len(lived.tally.died) > 0.5 * len(lived.tally.seen)


def test_each_step_of_the_attackers_review_is_taken_and_everybody_acts(lived: Run) -> None:
    assert lived.untaken() == []
    allowed = {who for who, _, outcome in lived.tally.acts if outcome == "allowed"}
    denied = {who for who, _, outcome in lived.tally.acts if outcome == "denied"}
    assert {"Approver", "Deployer", "Operator", "Stranger", "Trainer"} <= allowed
    assert {"Administrator", "Approver", "Auditor", "Deployer", "Operator", "Stranger", "Trainer"} <= denied


# The rare ones are caught by unit tests, too (test_cut_off.py, test_statuses.py in tests/unit/lambdas).
@pytest.mark.share(4)
@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.batches < RARE], ids=lambda mutant: mutant.name)
def test_a_mutant_breaks_its_promise(mutant: Mutant) -> None:
    assert mutant.caught_by()
