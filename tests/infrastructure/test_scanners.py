"""cfn-lint, checkov and cloudsplaining on every assembly; and each of them on one that was broken for it."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from compliance import checks, scanners
from compliance.scanners import ScannerFinding
from tests.infrastructure.template_parts import ENDPOINT, one

Assembly = Callable[[str], Path]
Scanned = Callable[[str], list[ScannerFinding]]


@pytest.fixture(scope="session")
def scanned(assembly: Assembly) -> Scanned:
    return cache(lambda environment: scanners.scan(assembly(environment)))


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


def test_each_scanner_sees_what_was_broken_for_it(assembly: Assembly, scanned: Scanned, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(assembly("govcloud-west"), broken, ignore=shutil.ignore_patterns("asset.*"))
    for stack, breach in {
        ENDPOINT: lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").update(EnableNetworkIsolation=False),
        "Atoll-Release": lambda t: one(t, "Atoll-Release", "AWS::SQS::Queue").update(Colour="red"),
        "Atoll-Training": lambda t: one(t, "Atoll-Training", "AWS::IAM::ManagedPolicy")["PolicyDocument"][
            "Statement"
        ].append({"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}),
    }.items():
        file = broken / f"{stack}.template.json"
        templates = {stack: json.loads(file.read_text(encoding="utf-8"))}
        breach(templates)
        file.write_text(json.dumps(templates[stack]), encoding="utf-8")

    added = {(each.scanner, each.rule) for each in set(scanners.scan(broken)) - set(scanned("govcloud-west"))}

    assert {("checkov", "CKV_AWS_370"), ("cfn-lint", "E3002"), ("cloudsplaining", "ResourceExposure")} <= added
