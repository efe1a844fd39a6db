"""The page of rights says what the tests try."""

from tests.infrastructure.rights import ALL_CASES, NOT_ASKED_LOCALLY, PAGE, page


def test_the_page_of_rights_holds_every_case_that_is_tried() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run `python -m tests.infrastructure.rights`"
    assert text.count("\n| `") == sum(len(cases) for cases in ALL_CASES.values())


def test_every_role_has_allowed_and_denied_cases() -> None:
    for role, cases in ALL_CASES.items():
        assert {allowed for _, allowed in cases} == {True, False}, role
    assert {request.action for cases in ALL_CASES.values() for request, _ in cases} >= NOT_ASKED_LOCALLY
