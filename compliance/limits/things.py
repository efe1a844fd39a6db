"""Names, texts, tags and lists of single resources."""

import json
import re
from collections.abc import Iterator

from compliance.limits.measured import Assembly, Use
from compliance.limits.names import KINDS
from compliance.limits.policies import Measure

_GROUP_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_IMAGE = re.compile(r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9/._-]+@sha256:[0-9a-f]{64}")
_NAMES = {
    "AWS::ECR::Repository": re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"),
    "AWS::IAM::Role": re.compile(r"[\w+=,.@-]+", re.ASCII),
    "AWS::SageMaker::Endpoint": re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
}


def names(kind: str) -> Measure:
    """Characters of the names that templates give to resources of a type."""

    def of_resources(assembly: Assembly) -> Iterator[Use]:
        for resource in assembly.each(kind):
            if given := resource.properties.get(KINDS[kind].named_by):
                yield Use(place=resource.place, value=len(given))

    return of_resources


def text(kind: str, *path: str) -> Measure:
    """Characters of a text of resources of a type."""

    def of_resources(assembly: Assembly) -> Iterator[Use]:
        for resource in assembly.each(kind):
            value = resource.properties
            for part in path:
                value = value.get(part, {})
            if value:
                yield Use(place=resource.place, value=len(value if isinstance(value, str) else json.dumps(value)))

    return of_resources


def length(kind: str, field: str) -> Measure:
    """Entries of a list of resources of a type."""

    def of_resources(assembly: Assembly) -> Iterator[Use]:
        for resource in assembly.each(kind):
            yield Use(place=resource.place, value=len(resource.properties.get(field, ())))

    return of_resources


def conditions_of_selectors(assembly: Assembly) -> Iterator[Use]:
    """Values over all fields of a trail's advanced selectors."""
    for trail in assembly.each("AWS::CloudTrail::Trail"):
        selectors = trail.properties.get("AdvancedEventSelectors", ())
        fields = [field for selector in selectors for field in selector["FieldSelectors"]]
        values = [each for field in fields for by, listed in field.items() if by != "Field" for each in listed]
        yield Use(place=trail.place, value=len(values))


def tags(assembly: Assembly) -> Iterator[Use]:
    """Tags of each resource."""
    for resource in assembly.each():
        yield Use(place=resource.place, value=len(resource.properties.get("Tags", ())))


def tag_values(assembly: Assembly) -> Iterator[Use]:
    """Characters of each tag's value."""
    for resource in assembly.each():
        found = resource.properties.get("Tags", ())
        pairs = found.values() if isinstance(found, dict) else [each["Value"] for each in found]
        yield from (Use(place=resource.place, value=len(value)) for value in pairs)


def container_values(assembly: Assembly) -> Iterator[Use]:
    """Characters of each variable of a served model's container."""
    for model in assembly.each("AWS::SageMaker::Model"):
        for value in model.properties["PrimaryContainer"]["Environment"].values():
            yield Use(place=model.place, value=len(value))


def rollback_alarms(assembly: Assembly) -> Iterator[Use]:
    """Alarms that a deployment of each endpoint watches."""
    for endpoint in assembly.each("AWS::SageMaker::Endpoint"):
        rollback = endpoint.properties["DeploymentConfig"]["AutoRollbackConfiguration"]
        yield Use(place=endpoint.place, value=len(rollback["Alarms"]))


def outside_patterns(assembly: Assembly) -> Iterator[Use]:
    """Names and texts outside the pattern that the service takes: groups' texts, hosts, images, given names."""
    for group in assembly.each("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupEgress"):
        told = str(group.properties.get("GroupDescription", group.properties.get("Description", "")))
        yield Use(place=group.place, value=int(not _GROUP_TEXT.fullmatch(told)))
    for zone in assembly.each("AWS::Route53::HostedZone"):
        labels = zone.properties["Name"].rstrip(".").split(".")
        yield Use(place=zone.place, value=int(not all(_LABEL.fullmatch(label) for label in labels)))
    for model in assembly.each("AWS::SageMaker::Model"):
        image = model.properties["PrimaryContainer"]["Image"]
        yield Use(place=model.place, value=int(not _IMAGE.fullmatch(image)))
    for kind, pattern in _NAMES.items():
        for resource in assembly.each(kind):
            given = resource.properties.get(KINDS[kind].named_by)
            yield Use(place=resource.place, value=int(given is not None and not pattern.fullmatch(given)))
