"""Every claim is broken once in a real template: a claim that stays satisfied claims nothing."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance import permissions as may
from compliance.pack import RULES
from compliance.templates import Template, read_templates
from tests.infrastructure import (
    broken_access,
    broken_creation,
    broken_database,
    broken_perimeter,
    broken_permissions,
    broken_reach,
    broken_record,
    broken_resources,
    broken_review,
    broken_watching,
)
from tests.infrastructure.template_parts import Claim, Mutation

MUTATIONS = [
    *broken_resources.MUTATIONS,
    *broken_permissions.MUTATIONS,
    *broken_perimeter.MUTATIONS,
    *broken_database.MUTATIONS,
    *broken_creation.MUTATIONS,
    *broken_reach.MUTATIONS,
    *broken_record.MUTATIONS,
    *broken_access.MUTATIONS,
    *broken_watching.MUTATIONS,
    *broken_review.MUTATIONS,
]
ALL_CLAIMS = {*RULES, may.every_role_is_bounded}


@pytest.fixture(scope="session")
def intact(assembly: Callable[[str], Path]) -> dict[str, Template]:
    return read_templates(assembly("govcloud-west"))


@pytest.mark.parametrize(("claim", "mutation"), MUTATIONS, ids=lambda each: getattr(each, "__name__", "mutation"))
def test_a_broken_template_breaks_its_claim(claim: Claim, mutation: Mutation, intact: dict[str, Template]) -> None:
    assert list(claim(intact)) == []
    broken = copy.deepcopy(intact)
    mutation(broken)
    assert list(claim(broken)) != []


def test_every_claim_is_broken_by_some_mutation() -> None:
    assert {claim for claim, _ in MUTATIONS} == ALL_CLAIMS
