"""A claim carries statements of the baseline by their ids, and never one that only an organization can answer."""

from collections import Counter

from compliance import accepted
from compliance.accepted import Acceptance
from compliance.claims import CLAIMS, MECHANISMS, RULES, carried
from compliance.permissions import every_role_is_bounded
from evidence.assigned import INHERITED, NOT_APPLICABLE
from evidence.catalogue import Catalogue, name_of
from evidence.parameters import TAKEN
from evidence.questions import MOST, QUESTIONS

SHOWN = {each for claim in CLAIMS for each in claim.shows}
SUPPORTED = {each for claim in CLAIMS for each in claim.supports}
ASKED = [each for question in QUESTIONS for each in question.statements]


def test_no_claim_and_no_command_speaks_of_a_statement_outside_the_baseline(catalogue: Catalogue) -> None:
    assert (SHOWN | SUPPORTED | {*ASKED}) - set(catalogue.statements) == set()


def test_what_is_shown_is_the_systems_or_a_mechanisms(catalogue: Catalogue) -> None:
    owned = {each.id for each in catalogue.statements.values() if each.by_system}
    assert SHOWN - owned - MECHANISMS == set()
    assert owned & MECHANISMS == set()


def test_a_mechanism_is_assessed_by_a_test(catalogue: Catalogue) -> None:
    assert [each for each in sorted(MECHANISMS) if "TEST" not in catalogue.statements[each].methods] == []


def test_nothing_is_shown_and_asked_inherited_or_not_applicable(catalogue: Catalogue) -> None:
    elsewhere = {
        each.id
        for each in catalogue.statements.values()
        for table in (INHERITED, NOT_APPLICABLE)
        if each.id in table or each.control in table
    }
    assert (SHOWN | SUPPORTED) & (elsewhere | {*ASKED}) == set()
    assert elsewhere & {*ASKED} == set()
    assert set(INHERITED) & set(NOT_APPLICABLE) == set()


def test_inherited_and_inapplicable_are_controls_or_statements_of_the_baseline(catalogue: Catalogue) -> None:
    known = {*catalogue.statements, *(each.control for each in catalogue.statements.values())}
    assert {*INHERITED, *NOT_APPLICABLE} - known == set()


def test_a_statement_that_is_shown_is_not_merely_supported_by_the_same_claim() -> None:
    assert [claim.name for claim in CLAIMS if set(claim.shows) & set(claim.supports)] == []


def test_every_parameter_of_what_is_shown_has_a_value_and_no_other(catalogue: Catalogue) -> None:
    assert {name for each in SHOWN for name in catalogue.statements[each].parameters} == set(TAKEN)


def test_a_command_serves_at_most_ten_statements_and_each_is_asked_once() -> None:
    assert all(len(question.statements) <= MOST for question in QUESTIONS)
    assert max(Counter(ASKED).values()) == 1


def test_every_claim_is_a_rule_of_the_synth_and_is_claimed_once() -> None:
    assert {claim.predicate for claim in CLAIMS} <= {*RULES, every_role_is_bounded}
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)


def test_a_runbooks_name_and_a_trace_carry_no_statement() -> None:
    named = {rule.__name__: carried(rule) for rule in RULES}
    assert named["alarms_name_their_runbook"] == named["functions_are_traced"] == ()
    assert "sc-7.5_obj-2" in named["no_rule_is_open"]


def test_no_rule_names_a_control_by_a_tag() -> None:
    assert [rule.__name__ for rule in RULES if "Controls:" in (rule.__doc__ or "")] == []


def test_accepted_findings_name_controls_of_the_baseline(catalogue: Catalogue) -> None:
    known = {name_of(each.control) for each in catalogue.statements.values()}
    used = {each.control for each in vars(accepted).values() if isinstance(each, Acceptance)}
    assert used - known == set()
