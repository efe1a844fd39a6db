"""Mutants: a deployment with one thing wrong, made by rule and not by hand, and whether a claim objects to it.

Each operator changes one resource at one place: `drop` takes a property, a statement or an element away, `weaken` turns
a switch, a number, a word or a refusal, `open` opens every port or gives addresses, `widen` adds a right or a
principal, `rekey` names a key of AWS's, `reveal` puts a secret's value into an environment. What CloudFormation
resolves (`Ref`, `Fn::*`) is taken or left whole, and what IAM asks for is left: nobody could deploy it otherwise.
A claim that no mutant of its own subjects can break claims nothing. A mutant that a predicate can't read is no kill; a
kill is an objection to a template, and no deployment: CloudFormation may refuse that template by itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compliance.claims import Claim
from compliance.templates import Resource, Templates

ENOUGH, MORE, TRIES = 3, 100, 4000
"""Kills that are shown; mutants tried for another one after the first; and before the first."""
_STRONG = (
    "cloudformation:ExecuteChangeSet",
    "cloudformation:CreateChangeSet",
    "cloudtrail:StopLogging",
    "iam:PutRolePolicy",
    "secretsmanager:GetSecretValue",
    "*",
)
_OPENS: dict[str, dict[str, Any]] = {
    "AWS::EC2::SecurityGroupIngress": {"IpProtocol": "-1"},
    "AWS::EC2::SecurityGroupEgress": {"IpProtocol": "-1"},
    "AWS::EC2::Subnet": {"MapPublicIpOnLaunch": True},
}
_REQUIRED = frozenset(
    {"Action", "Effect", "Principal", "Resource", "Statement", "AssumeRolePolicyDocument", "IsLogging"}
)
"""What IAM and CloudFormation ask for: without it nothing is deployed."""
_FEWER, _MORE = 1, 5
"""A number becomes 1, or five times as much: mostly what services take, as 0 or a thousand times isn't."""
_WEAKER = {
    "AssignPublicIp": ("ENABLED",),
    "Effect": ("Allow",),
    "Image": ("nginx:latest",),
    "Protocol": ("HTTP",),
    "Scheme": ("internet-facing",),
    "SslPolicy": ("ELBSecurityPolicy-2016-08",),
    "Status": ("Suspended",),
    "TrafficType": ("ACCEPT",),
    "User": ("root", "0:0"),
}
"""Words that mean less, by the property that says them."""
_KEYS = frozenset(
    {"EncryptionKeyArn", "KMSKeyId", "KMSMasterKeyID", "KmsKey", "KmsKeyArn", "KmsKeyId", "KmsMasterKeyId"}
)
_OF_AWS = "alias/aws/any"
_REVEALED = "{{resolve:secretsmanager:any}}"
_LONGEST = 160


@dataclass(frozen=True, kw_only=True)
class Kill:
    """A mutant that a claim objected to: where, what was done, before and after, and the objection."""

    operator: str
    place: str
    path: str
    before: str
    after: str
    objection: str


@dataclass(frozen=True, kw_only=True)
class _Change:
    operator: str
    path: tuple[str | int, ...]
    after: Any


_GONE = object()


def kills(claim: Claim, templates: Templates) -> tuple[Kill, ...]:
    """Give the first mutants of a claim's subjects that it objects to, each by another operator or property."""
    found: dict[tuple[str, str], Kill] = {}
    for tried, (resource, change) in enumerate(_mutants(claim, templates)):
        key = (change.operator, str(change.path[0]))
        if len(found) >= ENOUGH or tried >= (MORE if found else TRIES):
            break
        if key not in found and (objection := _objection(claim, templates, resource, change)):
            found[key] = Kill(
                operator=change.operator,
                place=resource.place,
                path="/".join(map(str, change.path)),
                before=_told(_at(resource.properties, change.path)),
                after="(gone)" if change.after is _GONE else _told(change.after),
                objection=objection,
            )
    return tuple(found.values())


def _mutants(claim: Claim, templates: Templates) -> Iterator[tuple[Resource, _Change]]:
    """Give a mutant of each subject in turn, so that many subjects and many places are tried early."""
    queues = [(each, changes(each)) for each in claim.over(templates)]
    while queues:
        left = []
        for resource, queue in queues:
            if change := next(queue, None):
                yield resource, change
                left.append((resource, queue))
        queues = left


def changes(resource: Resource) -> Iterator[_Change]:
    """Give every change that the operators make to a resource."""
    for name, value in _OPENS.get(resource.type, {}).items():
        yield _Change(operator="open", path=(name,), after=value)
    for path, value in _places(resource.properties, ()):
        if path[-1] not in _REQUIRED and (path[-1] != "PolicyDocument" or resource.type == "AWS::EC2::VPCEndpoint"):
            yield _Change(operator="drop", path=path, after=_GONE)
        yield from _turned(path, value)


def _turned(path: tuple[str | int, ...], value: Any) -> Iterator[_Change]:  # noqa: ANN401 (a template's value)
    if path[-1] == "Action" and not isinstance(value, dict):
        listed = value if isinstance(value, list) else [value]
        yield from (_Change(operator="widen", path=path, after=[*listed, each]) for each in _STRONG)
    elif path[-1] in {"Principal", "Resource"}:
        yield _Change(operator="widen", path=path, after="*")
    elif path[-1] in _WEAKER:
        yield from (_Change(operator="weaken", path=path, after=each) for each in _WEAKER[path[-1]] if each != value)
    elif isinstance(value, bool):
        yield _Change(operator="weaken", path=path, after=not value)
    elif isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        others = {_FEWER, int(value) * _MORE} - {int(value)}
        yield from (_Change(operator="weaken", path=path, after=type(value)(each)) for each in sorted(others))
    elif path[-1] in _KEYS:
        yield _Change(operator="rekey", path=path, after=_OF_AWS)
    elif "Environment" in path and path[-1] != "Name" and isinstance(value, str):
        yield _Change(operator="reveal", path=path, after=_REVEALED)


def _places(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401
    if _is_resolved(value):
        return
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key), each
        yield from _places(each, (*path, key))


def _is_resolved(value: Any) -> bool:  # noqa: ANN401
    """Say whether CloudFormation puts something in a value's place."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _objection(claim: Claim, templates: Templates, resource: Resource, change: _Change) -> str:
    template = templates[resource.stack]
    body = template["Resources"][resource.logical_id]
    mutated = {**body, "Properties": _changed(resource.properties, change.path, change.after)}
    stacks = {
        **templates,
        resource.stack: {**template, "Resources": {**template["Resources"], resource.logical_id: mutated}},
    }
    try:
        return next(iter(claim.predicate(stacks)), "")
    except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError):
        return ""


def _changed(value: Any, path: tuple[str | int, ...], after: Any) -> Any:  # noqa: ANN401
    """Give the value with another one at a place; what isn't on the way there is shared, not copied."""
    head, *rest = path
    new: Any = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        new[head] = _changed(value[head], tuple(rest), after)
    elif after is _GONE:
        del new[head]
    else:
        new[head] = after
    return new


def _at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    for key in path:
        if isinstance(value, dict) and key not in value:
            return None
        value = value[key]
    return value


def _told(value: Any) -> str:  # noqa: ANN401
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
