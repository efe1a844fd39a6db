"""A stack whose creation fails half-way, on paper: what its rollback leaves, and what the next deployment meets.

CloudFormation creates what doesn't wait for something else, so when a resource fails, all that doesn't depend on it may
be there. A rollback deletes those; it keeps what has `DeletionPolicy: Retain`, and stops at what is protected against
deletion. The next creation is refused where a name is taken
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html).
The documented way is docs/runbooks/first-deployment-failed.md.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from compliance.limits.names import KINDS
from compliance.templates import Templates

LIFTED = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "deletion_protection.enabled",
    "AWS::RDS::DBInstance": "DeletionProtection",
}
"""What may be protected against deletion, and how its template says so. The runbook has a command for each."""
_PROTECTED = re.compile(r"deletion_?protection", re.IGNORECASE)
_NAMED_BESIDES = {"AWS::CloudTrail::Trail": "TrailName", "AWS::KMS::Alias": "AliasName"}


def needs(resources: Mapping[str, Any]) -> dict[str, set[str]]:
    """Give for each resource those that it waits for, directly."""
    found = {}
    for logical_id, body in resources.items():
        said = body.get("DependsOn", ())
        asked = {said} if isinstance(said, str) else set(said)
        found[logical_id] = (asked | set(_references(body.get("Properties", {})))) & set(resources)
    return found


def there_when(failing: str, waits: Mapping[str, set[str]]) -> set[str]:
    """Give what may be there when one resource fails: all but itself and those that wait for it."""
    gone = {failing}
    while more := {each for each, asked in waits.items() if asked & gone} - gone:
        gone |= more
    return set(waits) - gone


def a_failed_creation_can_be_repeated(templates: Templates) -> Iterator[str]:
    """Whichever resource fails at its creation, the documented way leads on: no name stays taken."""
    for stack, template in templates.items():
        resources = template["Resources"]
        blocking = {name: said for name, body in resources.items() if (said := _blocks(body))}
        if not blocking:
            continue
        waits = needs(resources)
        for failing in resources:
            if stays := sorted(there_when(failing, waits) & set(blocking)):
                yield f"{stack}/{stays[0]} {blocking[stays[0]]}, when {failing} fails"
                break


def _blocks(body: Mapping[str, Any]) -> str:
    """Say why a resource that was created would be in the way of another creation, or nothing."""
    kind = body["Type"]
    if body.get("DeletionPolicy") == "Retain" and (name := _given_name(body)):
        return f"stays under the name {name}"
    protected = _PROTECTED.search(json.dumps(body.get("Properties", {})))
    if protected and kind not in LIFTED:
        return "is protected against deletion in a way that the runbook doesn't lift"
    return ""


def _given_name(body: Mapping[str, Any]) -> str:
    kind = body["Type"]
    field = _NAMED_BESIDES.get(kind) or (KINDS[kind].named_by if kind in KINDS else "")
    return str(body.get("Properties", {}).get(field, "")) if field else ""


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Ref":
                yield str(inner)
            elif key == "Fn::GetAtt":
                yield str(inner[0])
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


CLAIMS = (a_failed_creation_can_be_repeated,)
