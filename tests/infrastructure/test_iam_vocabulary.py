import re
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

from compliance.templates import Template, statements

_NAMED_LATER = {
    "cloudwatch:DescribeAlarms",  # the auditor lists all of them
}
_NOT_OF_AN_ACTION = ("aws:", "kms:EncryptionContext")


def test_every_action_in_our_policies_exists(templates: dict[str, Template]) -> None:
    unknown = {
        action
        for statement in statements(templates)
        for action in statement.actions
        if action.partition(":")[2] not in get_service_prefix_data(action.partition(":")[0])["privileges"]
    }
    assert unknown == set()


def test_every_condition_key_belongs_to_its_actions(templates: dict[str, Template]) -> None:
    wrong = {
        (action, key)
        for statement in statements(templates)
        for operator in statement.conditions.values()
        for key in operator
        if not key.startswith(_NOT_OF_AN_ACTION)
        for action in statement.actions
        if not _has_key(action, key)
    }
    assert wrong == set()


def test_tags_are_demanded_only_of_actions_that_carry_them(templates: dict[str, Template]) -> None:
    for statement in statements(templates):
        for key in statement.keys("StringEquals"):
            if key.startswith("aws:RequestTag/"):
                assert all(_has_key(action, key) for action in statement.actions)


def test_a_star_stands_only_where_no_resource_can_be_named(templates: dict[str, Template]) -> None:
    starred = {
        action
        for statement in statements(templates)
        if statement.effect == "Allow" and "*" in statement.resources
        for action in statement.actions
        if any(_privilege(action)["resource_types"])
    }
    assert starred <= _NAMED_LATER


def _has_key(action: str, key: str) -> bool:
    known = {each for kind in _privilege(action)["resource_types"].values() for each in kind["condition_keys"]}
    return any(re.fullmatch(re.sub(r"\\\$\\\{[^}]*\\\}|<[^>]*>", ".+", re.escape(each)), key) for each in known)


def _privilege(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    return get_service_prefix_data(service)["privileges"][name]
