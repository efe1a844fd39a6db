"""The ledger of real assemblies: what an assessor would check first."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.claims import CLAIMS
from compliance.templates import Templates
from evidence.catalogue import read
from evidence.facts import read_facts
from evidence.ledger import Ledger, fold, judge
from evidence.written import counts, write
from tests.tracked import ROOT

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(assembly: Callable[[str], Path]) -> Path:
    return assembly("govcloud-west")


@pytest.fixture(scope="module")
def ledger(folder: Path) -> Ledger:
    return fold(read(), read_facts(folder).templates)


def test_no_statement_of_an_organization_is_proven(ledger: Ledger) -> None:
    proven = [each for each in ledger.entries.values() if each.state == "proven"]
    assert {each.kind for each in proven} == {"system", "mechanism"}


def test_the_documents_tell_the_counts_of_a_fresh_assembly(ledger: Ledger) -> None:
    assert counts(ledger) == _kept()["govcloud-west"], "`make evidence`, and copy counts.json into docs/evidence.json"


def _kept() -> dict[str, dict[str, dict[str, int]]]:
    return json.loads((ROOT / "docs" / "evidence.json").read_text(encoding="utf-8"))


def test_in_production_every_claim_that_shows_something_proves_it(ledger: Ledger) -> None:
    assert [each.lacks for each in ledger.claims.values() if each.claim.shows and each.lacks] == []


def test_every_proof_names_mutants_that_its_claims_kill(ledger: Ledger) -> None:
    for entry in (each for each in ledger.entries.values() if each.state == "proven"):
        assert all(ledger.claims[name].kills for name in entry.carried_by)


def test_without_its_subjects_no_claim_says_anything(folder: Path) -> None:
    templates = read_facts(folder).templates
    for claim in CLAIMS:
        places = {each.place for each in claim.over(templates)}
        assert places, claim.name
        left = judge(claim, _without(templates, places))
        assert not left.holds
        assert left.lacks.startswith("no evidence")


def _without(templates: Templates, places: set[str]) -> Templates:
    return {
        stack: {
            **template,
            "Resources": {
                name: body for name, body in template["Resources"].items() if f"{stack}/{name}" not in places
            },
        }
        for stack, template in templates.items()
    }


def test_where_no_model_is_served_nothing_is_said_of_models(assembly: Callable[[str], Path]) -> None:
    ledger = fold(read(), read_facts(assembly("govcloud-east")).templates)
    assert counts(ledger) == _kept()["govcloud-east"], (
        "make evidence for both, and copy counts.json to docs/evidence.json"
    )
    assert ledger.entries["sc-28.1_obj-1"].state != "proven"
    assert "no evidence: endpoint_disks_are_under_our_keys" in ledger.entries["sc-28.1_obj-1"].words


def test_the_same_templates_give_the_same_bytes(ledger: Ledger, folder: Path, tmp_path: Path) -> None:
    facts = read_facts(folder)
    write(ledger, facts, tmp_path / "one")
    write(fold(read(), facts.templates), facts, tmp_path / "other")
    one, other = ({each.name: each.read_bytes() for each in (tmp_path / name).iterdir()} for name in ("one", "other"))
    assert one == other
