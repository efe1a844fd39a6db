"""The fold: one state for each statement and part, and none that is better than what carries it."""

import pytest

from compliance.claim import Claim
from evidence.catalogue import Catalogue
from evidence.ledger import STATES, fold, judge
from tests.unit.evidence.conftest import house


def test_each_statement_and_part_is_in_one_state(catalogue: Catalogue) -> None:
    ledger = fold(catalogue, house(), ())
    assert sum(ledger.counts().values()) == 1388
    assert sum(ledger.part_counts().values()) == 688
    assert {each.state for each in ledger.entries.values()} <= set(STATES)


def test_what_nothing_carries_names_who_answers_in_which_record(catalogue: Catalogue) -> None:
    ledger = fold(catalogue, house(), ())
    asked = [each for each in ledger.entries.values() if each.state == "people"]
    assert all(": " in each.words for each in asked)
    assert ledger.entries["ir-4_obj.a-1"].words.startswith("incident response lead: ")
    assert ledger.entries["ir-1_obj.a-1"].words.startswith("the policy's official: ")


@pytest.mark.parametrize(
    "statement", ["ac-7_obj.a", "ac-8_obj.b", "ac-2.3_obj.a", "ia-2.1_obj", "ia-5.1_obj.d", "ia-11_obj"]
)
def test_what_a_sign_in_does_is_not_the_identity_providers_alone(catalogue: Catalogue, statement: str) -> None:
    entry = fold(catalogue, house(), ()).entries[statement]
    assert entry.state == "people"
    assert "and MLflow's own accounts" in entry.words


def test_names_are_not_validated_by_aws_until_the_vpc_says_so(catalogue: Catalogue) -> None:
    entry = fold(catalogue, house(), ()).entries["sc-21_obj-1"]
    assert (entry.state, "ResolverDNSSECConfig" in entry.words) == ("people", True)


def test_who_sees_a_screen_is_the_agencys(catalogue: Catalogue) -> None:
    assert fold(catalogue, house(), ()).entries["pe-5_obj"].words.startswith("facility manager of the agency: ")


def test_a_claim_that_holds_and_kills_proves(catalogue: Catalogue, shut: Claim) -> None:
    ledger = fold(catalogue, house({"Shut": True}), (shut,))
    entry = ledger.entries["ac-3_obj"]
    assert (entry.state, entry.kind, entry.carried_by) == ("proven", "system", ("doors_are_shut",))
    assert ledger.parts["ac-3_smt"] == "proven"
    assert ledger.entries["ac-6_obj"].state == "supported"


def test_a_claim_over_nothing_is_no_evidence(catalogue: Catalogue, shut: Claim) -> None:
    entry = fold(catalogue, house(), (shut,)).entries["ac-3_obj"]
    assert entry.state == "people"
    assert entry.words.endswith("no evidence: doors_are_shut speaks of nothing here")


def test_a_claim_that_objects_proves_and_supports_nothing(catalogue: Catalogue, shut: Claim) -> None:
    ledger = fold(catalogue, house({"Shut": True}, {}), (shut,))
    assert ledger.entries["ac-3_obj"].state == ledger.entries["ac-6_obj"].state == "people"
    assert "House/Door1 is open" in ledger.entries["ac-3_obj"].words


def test_a_claim_that_no_mutant_breaks_only_supports(catalogue: Catalogue, asleep: Claim) -> None:
    entry = fold(catalogue, house({"Shut": True}), (asleep,)).entries["ac-3_obj"]
    assert entry.state == "supported"
    assert entry.words == "no mutant breaks nothing_is_asked"


def test_a_proof_names_the_value_that_it_takes_for_a_parameter(catalogue: Catalogue, shut: Claim) -> None:
    timed = Claim(predicate=shut.predicate, over=shut.over, shows=("sc-10_obj", "ac-12_obj"))
    entries = fold(catalogue, house({"Shut": True}), (timed,)).entries
    assert entries["sc-10_obj"].state == "proven"
    assert entries["sc-10_obj"].words.endswith("[sc-10_odp] taken as: ten minutes without traffic, at load balancers")
    assert (entries["ac-12_obj"].state, entries["ac-12_obj"].words) == (
        "supported",
        "nobody took a value for [ac-12_odp]",
    )


def test_all_claims_that_show_a_statement_must_prove_it(catalogue: Catalogue, shut: Claim, asleep: Claim) -> None:
    assert fold(catalogue, house({"Shut": True}), (shut, asleep)).entries["ac-3_obj"].state == "supported"


def test_a_part_asks_as_much_as_its_most_demanding_statement(catalogue: Catalogue, shut: Claim) -> None:
    half = Claim(predicate=shut.predicate, over=shut.over, shows=("sc-7_obj.a-1",))
    ledger = fold(catalogue, house({"Shut": True}), (half,))
    assert ledger.entries["sc-7_obj.a-1"].state == "proven"
    assert ledger.parts["sc-7_smt.a"] == "people"


def test_a_mutant_shows_what_was_changed_and_what_the_claim_said(shut: Claim) -> None:
    (first, *_) = judge(shut, house({"Shut": True})).kills
    assert (first.operator, first.path, first.before, first.after) == ("drop", "Shut", "true", "(gone)")
    assert first.objection == "House/Door0 is open"
