"""Who may become which role: people from the identity provider, with one id of letters and digits, and nobody else."""

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.templates import Template, read_templates
from tests.infrastructure.policies import ACCOUNT, PARTITION, may_become

PEOPLE = ("Trainer", "Approver", "Operator", "Auditor", "Administrator")
BROKER = f"arn:{PARTITION}:iam::444455556666:role/IdentityBroker"
STRANGERS = (
    f"arn:{PARTITION}:iam::444455556666:role/AnotherRole",
    f"arn:{PARTITION}:iam::{ACCOUNT}:root",
    f"arn:{PARTITION}:iam::{ACCOUNT}:role/IdentityBroker",
)
LETTERS = string.ascii_letters + string.digits
MARKS = " +-./:=@_"


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> dict[str, Template]:
    return read_templates(assembly("govcloud-west"))


@pytest.mark.parametrize("person", PEOPLE)
def test_the_identity_provider_alone_lets_people_in(templates: dict[str, Template], person: str) -> None:
    tags = {"uid": "alice"}
    assert may_become(templates, person, caller=BROKER, tags=tags)
    assert not [each for each in STRANGERS if may_become(templates, person, caller=each, tags=tags)]


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(
    "tags",
    [{}, {"uid": ""}, {"uid": "automation"}, {"name": "alice"}, {"uid": "alice", "role": "admin"}, {"Uid": "alice"}],
)
def test_nobody_gets_in_without_an_id_of_the_own_or_with_another_tag(
    templates: dict[str, Template], person: str, tags: dict[str, str]
) -> None:
    assert not may_become(templates, person, caller=BROKER, tags=tags)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("session", ["bob", "Alice", "alice.smith@agency.gov", "alice2", ""])
def test_a_session_is_called_as_the_person_is(templates: dict[str, Template], person: str, session: str) -> None:
    """RT-14: the session's name is what CloudTrail tells, and by which an approver is compared with the submitter."""
    assert not may_become(templates, person, caller=BROKER, tags={"uid": "alice"}, session=session)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(LETTERS, min_size=1, max_size=64).filter(lambda uid: uid != "automation"))
def test_any_id_of_letters_and_digits_is_let_in(templates: dict[str, Template], uid: str) -> None:
    assert may_become(templates, "Approver", caller=BROKER, tags={"uid": uid})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(LETTERS, max_size=20), st.sampled_from(MARKS), st.text(LETTERS + MARKS, max_size=20))
def test_an_id_that_could_end_within_a_releases_name_is_not(
    templates: dict[str, Template], start: str, mark: str, rest: str
) -> None:
    assert not may_become(templates, "Approver", caller=BROKER, tags={"uid": start + mark + rest})
