"""Commands for the account: as a person types them, and compared without mercy."""

import re

import pytest

from evidence.questions import QUESTIONS, Question

ONE = Question(
    name="one",
    service="cloudtrail",
    operation="lookup_events",
    parameters={"MaxResults": 5, "Note": "x"},
    query="Events[0]",
    expected=("eventName", "eventTime"),
    says="",
    statements=(),
)


def test_a_command_is_what_the_cli_takes() -> None:
    assert ONE.command == "aws cloudtrail lookup-events --max-results '5' --note 'x' --query 'Events[0]'"


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ('{"eventName": "a", "eventTime": "b", "more": 1}', []),
        ({"eventName": "a"}, ["eventTime"]),
        ("eventName", ["eventTime"]),
        (None, ["an answer"]),
        ([], ["an answer"]),
    ],
)
def test_an_answer_lacks_what_it_does_not_hold(answer: object, missing: list[str]) -> None:
    assert ONE.missing(answer) == missing


def test_every_command_only_reads() -> None:
    assert all(each.operation.startswith(("lookup_", "get_", "list_", "describe_")) for each in QUESTIONS)


def test_no_command_selects_what_it_expects() -> None:
    """A query for calls of one name that expects that name can't fail."""
    assert [each.name for each in QUESTIONS if set(each.expected) & set(re.findall(r"\w+", str(each.parameters)))] == []
