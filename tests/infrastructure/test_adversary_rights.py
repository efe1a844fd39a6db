"""The generated adversary (tests/faults) may do what the synthesized policies allow, neither more nor less."""

from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.templates import read_templates
from tests.faults.rights import CALLS, ROLES, STRANGER, rights
from tests.infrastructure.adversary_rights import ENVIRONMENT, evaluated

WRITE = "run `python -m tests.infrastructure.adversary_rights`, then the lives: `pytest tests/faults`"
NEVER = (
    *("execute the own release", "execute a release by its ARN", "delete the own release"),
    *("make a release", "make a way back", "execute a way back", "make a stop", "execute a stop"),
    *("make a deployment", "execute a deployment", "make a second stack", "execute on a second stack"),
    *("update the stack", "delete the stack", "cancel an update", "call a function", "put an event"),
    *("create an endpoint", "update the endpoint", "admit callers"),
    *("write an entry", "write a link", "delete an entry", "write the deployed template"),
    *("write an archive", "write a released archive", "train in another's name", "change a job's tags"),
)
"""What no person of any role may call: it would make the record, or what serves, one person's word."""


def test_the_adversary_may_do_what_the_policies_allow(assembly: Callable[[str], Path]) -> None:
    known = rights()
    found = evaluated(read_templates(assembly(ENVIRONMENT)))
    assert {role: known[role] for role in ROLES} == found, WRITE


@pytest.mark.parametrize("call", NEVER)
def test_no_person_holds_a_right_that_decides_alone(call: str) -> None:
    assert [role for role in (*ROLES, STRANGER) if rights()[role][call]] == []


def test_every_call_is_evaluated_for_every_role() -> None:
    assert all(set(held) == set(CALLS) for held in rights().values())
