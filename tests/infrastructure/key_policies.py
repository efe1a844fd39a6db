"""A key's policy put to a call, as KMS does: who asks, by which service, with which context.

A statement for the account only hands the question on to IAM; one for everybody or for a service answers it.
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from compliance.limits.judge import site
from compliance.limits.resolved import Resolved
from compliance.templates import Template
from stacks.regions import PROFILES

FOUNDATION, REGION = "Atoll-Foundation", "us-gov-west-1"
ACCOUNT = "111122223333"
"""Where the calls of `key_uses.py` stand; `moved` has them elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of KMS: by a principal of an account (`caller`) or by a service itself."""

    action: str
    caller: str = ""
    service: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)


def moved(call: Call, *, region: str, account: str) -> Call:
    """The same call in another place: in its partition and region, by a caller of its account.

    A stranger stays one: only our own account is another there.
    """
    partition = PROFILES[region].partition

    def there(value: Any) -> Any:  # noqa: ANN401 - a text or several
        if isinstance(value, list):
            return [there(each) for each in value]
        return value.replace(PROFILES[REGION].partition, partition).replace(REGION, region).replace(ACCOUNT, account)

    keys = {key: there(value) for key, value in call.keys.items()}
    return replace(call, caller=there(call.caller), service=there(call.service), keys=keys)


def answers(
    templates: Mapping[str, Template], key: str, call: Call, *, region: str = REGION, account: str = ACCOUNT
) -> set[str]:
    """Say what a key's policy answers a call in that place: `yes`, or `iam` where the caller's account decides."""
    resources = templates[FOUNDATION]["Resources"]
    [logical_id] = [name for name in resources if name.startswith(f"Keys{key}") and "Alias" not in name]
    found = Resolved(dict(templates), replace(site(region), account=account)).value(
        FOUNDATION, resources[logical_id]["Properties"]["KeyPolicy"]
    )
    return {
        _kind(statement["Principal"], call, account)
        for statement in found["Statement"]
        if any(fnmatchcase(call.action, pattern) for pattern in _many(statement["Action"]))
        and _holds(statement.get("Condition", {}), call.keys)
    } - {""}


def _kind(principal: Any, call: Call, account: str) -> str:  # noqa: ANN401 - a text or a mapping
    if principal in ("*", {"AWS": "*"}):
        return "yes"
    if "Service" in principal:
        return "yes" if call.service in _many(principal["Service"]) else ""
    return "iam" if call.caller == account and f":{account}:root" in str(principal["AWS"]) else ""


def _holds(conditions: Mapping[str, Mapping[str, Any]], keys: Mapping[str, Any]) -> bool:
    return all(_ASK[operator](keys, key, wanted) for operator, of in conditions.items() for key, wanted in of.items())


def _equals(keys: Mapping[str, Any], key: str, wanted: Any) -> bool:  # noqa: ANN401 - one or several
    return keys.get(key) in _many(wanted)


def _like(keys: Mapping[str, Any], key: str, wanted: Any) -> bool:  # noqa: ANN401 - the same
    return any(fnmatchcase(str(keys.get(key, "")), each) for each in _many(wanted))


def _all_among(keys: Mapping[str, Any], key: str, wanted: Any) -> bool:  # noqa: ANN401 - the same
    return set(keys.get(key, ())) <= set(_many(wanted))


def _absent(keys: Mapping[str, Any], key: str, wanted: Any) -> bool:  # noqa: ANN401 - the same
    return (key not in keys) == (wanted == "true")


_ASK: Mapping[str, Callable[[Mapping[str, Any], str, Any], bool]] = {
    "StringEquals": _equals,
    "Bool": _equals,
    "ArnLike": _like,
    "ForAllValues:StringEquals": _all_among,
    "Null": _absent,
}


def _many(value: Any) -> list[Any]:  # noqa: ANN401 - the same
    return value if isinstance(value, list) else [value]
