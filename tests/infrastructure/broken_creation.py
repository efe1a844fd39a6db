"""Ways to break the claim that a failed creation can be repeated."""

from compliance import creation as keeps
from compliance.templates import Template
from tests.infrastructure.template_parts import Claim, Mutation


def _kept(templates: dict[str, Template], stack: str, kind: str) -> None:
    for body in templates[stack]["Resources"].values():
        if body["Type"] == kind:
            body["DeletionPolicy"] = "Retain"


def _guarded(templates: dict[str, Template]) -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": True}}
    templates["Atoll-Foundation"]["Resources"]["Added"] = table


MUTATIONS: list[tuple[Claim, Mutation]] = [
    (keeps.a_failed_creation_can_be_repeated, lambda t: _kept(t, "Atoll-Registry", "AWS::ECR::Repository")),
    (keeps.a_failed_creation_can_be_repeated, lambda t: _kept(t, "Atoll-Tracking", "AWS::Backup::BackupVault")),
    (keeps.a_failed_creation_can_be_repeated, lambda t: _kept(t, "Atoll-Tracking", "AWS::Logs::LogGroup")),
    (keeps.a_failed_creation_can_be_repeated, lambda t: _kept(t, "Atoll-Foundation", "AWS::CloudTrail::Trail")),
    (keeps.a_failed_creation_can_be_repeated, _guarded),
]
