"""How predicates look at synthesized templates: resources by type, policies by statement, strings with their places."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Template = dict[str, Any]
Templates = Mapping[str, Template]
"""Stack name -> its CloudFormation template."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a template."""

    stack: str
    logical_id: str
    type: str
    properties: dict[str, Any]
    condition: str | None

    @property
    def place(self) -> str:
        """Where it stands, for the sentence about it."""
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a managed policy, with the policy that it belongs to."""

    policy: Resource
    effect: str
    actions: tuple[str, ...]
    resources: tuple[Any, ...]
    conditions: dict[str, dict[str, Any]]

    def keys(self, operator: str) -> dict[str, Any]:
        """Give the condition keys under one operator."""
        return self.conditions.get(operator, {})


def read_templates(assembly: Path) -> dict[str, Template]:
    """Read every template of a synthesized assembly."""
    suffix = ".template.json"
    paths = sorted(assembly.glob(f"*{suffix}"))
    return {path.name.removesuffix(suffix): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def resources(templates: Templates, *types: str) -> Iterator[Resource]:
    """Give every resource of these types; one that ends with `::` stands for all types below it, none for all."""
    for stack, template in templates.items():
        for logical_id, body in template["Resources"].items():
            if not types or _is_among(body["Type"], types):
                yield Resource(
                    stack=stack,
                    logical_id=logical_id,
                    type=body["Type"],
                    properties=body.get("Properties", {}),
                    condition=body.get("Condition"),
                )


def log_receivers(templates: Templates) -> set[str]:
    """Give the places of the buckets to which others' access logs go, and in which nothing of the system's is kept."""
    outputs = templates.get("Atoll-Foundation", {}).get("Outputs", {})
    kept = [outputs[name]["Value"] for name in ("AuditBucket", "DataBucket", "ReleaseBucket") if name in outputs]
    buckets = [*resources(templates, "AWS::S3::Bucket")]
    named = [each.properties.get("LoggingConfiguration", {}).get("DestinationBucketName") for each in buckets]
    return {
        each.place
        for each in buckets
        if (own := {"Ref": each.logical_id}) in named
        and own not in kept
        and "LoggingConfiguration" not in each.properties
    }


def statements(templates: Templates) -> Iterator[Statement]:
    """Give every statement of every policy for identities."""
    for policy in resources(templates, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
        for body in policy.properties["PolicyDocument"]["Statement"]:
            yield Statement(
                policy=policy,
                effect=body["Effect"],
                actions=many(body.get("Action", ())),
                resources=many(body.get("Resource", ())),
                conditions=body.get("Condition", {}),
            )


def strings(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Give every string within a template's value with its place; keys count as well."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield place, str(key)
            yield from strings(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, place)


def _is_among(name: str, types: tuple[str, ...]) -> bool:
    return any(name == each or (each.endswith("::") and name.startswith(each)) for each in types)


def many(value: object) -> tuple[Any, ...]:
    """Take one value for several of one: a template may write either."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)
