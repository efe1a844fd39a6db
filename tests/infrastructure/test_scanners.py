"""cfn-lint, checkov and cloudsplaining on every assembly; and each of them on one that was broken for it."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from compliance import checks, scanners
from compliance.scanners import ScannerFinding
from compliance.synth import environments
from tests.infrastructure.template_parts import ENDPOINT, one

Assembly = Callable[[str], Path]
Scanned = Callable[[str], list[ScannerFinding]]
BROKEN = "govcloud-west, broken"


@pytest.fixture(scope="session")
def scanned(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """What the scanners find in an environment, or in what was broken for them; they start once for all."""

    @cache
    def found() -> dict[str, list[ScannerFinding]]:
        broken = break_for_each(assembly("govcloud-west"), tmp_path_factory.mktemp("scanned") / "broken")
        assemblies = {each: assembly(each) for each in environments()} | {BROKEN: broken}
        return dict(zip(assemblies, scanners.scan(*assemblies.values()), strict=True))

    return lambda environment: found()[environment]


def break_for_each(assembly: Path, folder: Path) -> Path:
    """Copy the assembly's stacks that a scanner objects to when they are broken, and break them."""
    breaches = {
        ENDPOINT: lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").update(EnableNetworkIsolation=False),
        "Atoll-Release": lambda t: one(t, "Atoll-Release", "AWS::SQS::Queue").update(Colour="red"),
        "Atoll-Training": lambda t: one(t, "Atoll-Training", "AWS::IAM::ManagedPolicy")["PolicyDocument"][
            "Statement"
        ].append({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}),
    }
    folder.mkdir()
    shutil.copy(assembly / "manifest.json", folder)
    for stack, breach in breaches.items():
        shutil.copy(assembly / f"{stack}.metadata.json", folder)
        templates = {stack: json.loads((assembly / f"{stack}.template.json").read_text(encoding="utf-8"))}
        breach(templates)
        (folder / f"{stack}.template.json").write_text(json.dumps(templates[stack]), encoding="utf-8")
    return folder


def test_no_scanner_objects_to_anything_that_was_not_accepted(
    assembly: Assembly, scanned: Scanned, environment: str
) -> None:
    assert scanners.objections(assembly(environment), scanned(environment)) == []


def test_the_counts_in_the_documents_are_those_of_the_assemblies(
    assembly: Assembly, scanned: Scanned, environment: str
) -> None:
    kept = json.loads(checks.KEPT.read_text(encoding="utf-8"))[environment]
    measured = checks.measure(assembly(environment), scanned(environment))
    assert measured == kept, "run `make checks` and `python -m compliance.documents`"


def test_every_role_is_counted_with_its_boundary(assembly: Assembly, scanned: Scanned) -> None:
    measured = checks.measure(assembly("govcloud-west"), scanned("govcloud-west"))
    assert measured["roles"] == measured["roles_with_boundary"] >= 20
    assert measured["findings"]["open"] == 0
    assert "kms-fips" in measured["endpoints"]


def test_each_scanner_sees_what_was_broken_for_it(scanned: Scanned) -> None:
    added = {(each.scanner, each.rule) for each in set(scanned(BROKEN)) - set(scanned("govcloud-west"))}
    assert {("checkov", "CKV_AWS_370"), ("cfn-lint", "E3002"), ("cloudsplaining", "ResourceExposure")} <= added
