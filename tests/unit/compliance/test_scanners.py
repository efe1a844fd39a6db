"""How a scanner's findings are held against the register, on an assembly of one queue."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance import checks, scanners
from compliance.accepted import LITERAL_ZONES
from compliance.checks import measure, table
from compliance.report import judge
from compliance.scanners import ScannerError, ScannerFinding

TODAY = date(2026, 11, 23)
QUEUE = ScannerFinding(scanner="checkov", rule="CKV_AWS_27", path="Stack/Queue/Resource")
REASON = "The zones are values of the settings; looking them up would need an account and make synth depend on it."


def entry(path: str = "Stack/Queue", pack: str = "checkov", rule: str = "CKV_AWS_27") -> dict[str, Any]:
    acceptance = {"reason": REASON, "control": "CM-2", "review_by": "2027-01-01"}
    return {"path": path, "pack": pack, "rule": rule, "acceptance": acceptance}


def assembly(folder: Path, *register: dict[str, Any]) -> Path:
    """Lay an assembly of one stack with a queue, a bounded role and an endpoint."""
    resources = {
        "Queue1": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"},
        "GoneA1B2C3D4": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Delete"},
        "Role1": {"Type": "AWS::IAM::Role", "Properties": {"PermissionsBoundary": "policy/agency"}},
        "Role2": {"Type": "AWS::IAM::Role"},
        "Logs": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"ServiceName": "com.example.us-gov-west-1.ecr.api"}},
        "S3": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {"ServiceName": {"Fn::Join": ["", ["com.example.", {"Ref": "AWS::Region"}, ".s3"]]}},
        },
    }
    metadata = {"/Stack/Queue/Resource": [{"type": "aws:cdk:logicalId", "data": "Queue1"}], "/Stack": []}
    stack = {"type": "aws:cloudformation:stack", "environment": "aws://111122223333/us-gov-west-1"}
    suppressed = {
        "ruleName": "AwsSolutions-IAM5[Resource::*]",
        "reason": REASON,
        "acknowledgedId": "AwsSolutions::AwsSolutions-IAM5[Resource::*]",
        "violatingConstructs": [{"constructPath": "Stack/Role/Policy"}] * 2,
    }
    for name, content in {
        "Stack.template.json": {"Resources": resources},
        "Stack.metadata.json": metadata,
        "manifest.json": {"artifacts": {"Stack": stack, "Tree": {"type": "cdk:tree"}}},
        "accepted-findings.json": list(register),
        "atoll-rules.json": {"rules": ["Atoll-a"], "stacks": ["Stack"]},
        "validation-report.json": {
            "pluginReports": [{"pluginName": "AwsSolutions", "violations": [], "suppressedViolations": [suppressed]}]
        },
    }.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def program(folder: Path, text: str) -> Path:
    """Write a program that stands in for checkov."""
    path = folder / "checkov"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_an_accepted_finding_is_no_objection(tmp_path: Path) -> None:
    assert scanners.objections(assembly(tmp_path, entry()), [QUEUE]) == []


@pytest.mark.parametrize("register", [entry("Stack/Qu"), entry(pack="cfn-lint"), entry(rule="CKV_AWS_28")])
def test_an_acceptance_covers_one_scanners_rule_on_one_resource(tmp_path: Path, register: dict[str, Any]) -> None:
    found, unused = scanners.objections(assembly(tmp_path, register), [QUEUE])
    assert found == "CKV_AWS_27 of checkov on Stack/Queue/Resource: mend the resource or accept the finding"
    assert "remove the acceptance" in unused


def test_a_synth_does_not_judge_what_only_a_scanner_can_find(tmp_path: Path) -> None:
    said = judge(assembly(tmp_path, entry())).objections
    assert not [each for each in said if "CKV_AWS_27" in each]


def test_a_scanner_that_is_missing_or_fails_or_reads_nothing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = assembly(tmp_path)
    for text, said in (
        (None, "`make checkov` installs it"),
        ("echo broken >&2; exit 2", "status 2 and said broken"),
        ("""echo '{"parsing_errors": 0, "resource_count": 0}'""", "could not read the templates"),
    ):
        monkeypatch.setattr(scanners, "CHECKOV", program(tmp_path, text) if text else tmp_path / "nowhere")
        with pytest.raises(ScannerError, match=said):
            scanners.scan(folder)


@pytest.mark.long
def test_findings_are_told_by_their_assembly_and_their_constructs_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"resource": "AWS::SQS::Queue.Queue1", "check_id": "CKV_AWS_27", "file_path": "/1/Stack.template.json"}
    answer = {"summary": {"parsing_errors": 0, "resource_count": 1}, "results": {"failed_checks": [failed]}}
    monkeypatch.setattr(scanners, "CHECKOV", program(tmp_path, f"echo '{json.dumps(answer)}'"))
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    first, second = scanners.scan(*(assembly(folder) for folder in folders))
    assert QUEUE in second
    assert {each.scanner for each in second} == {"checkov", "cfn-lint"}  # the roles lack what CloudFormation requires
    assert [each for each in second if each.scanner == "cfn-lint"] == first


def test_what_is_counted_is_what_stands_in_the_assembly(tmp_path: Path) -> None:
    measured = measure(assembly(tmp_path, entry()), [QUEUE, ScannerFinding(scanner="cfn-lint", rule="E1", path="x")])
    assert measured["region"] == "us-gov-west-1"
    assert (measured["resources"], measured["roles"], measured["roles_with_boundary"]) == (6, 2, 1)
    assert measured["endpoints"] == ["ecr.api", "s3"]
    assert measured["findings"] == {"before_acceptance": 4, "accepted": 3, "open": 1}
    assert measured["stays"] == {"AWS::SQS::Queue": ["Stack/Queue1"]}
    assert measured["acceptances"] == {"register_entries": 1, "reasons": ["LITERAL_ZONES"]}
    assert measured["rules"]["AwsSolutions-IAM5"] == {"found": 2, "reasons": {"LITERAL_ZONES": 2}}
    assert measured["rules"]["cfn-lint E1"] == {"found": 1, "reasons": {"open": 1}}


def test_the_table_has_a_line_for_each_environment(tmp_path: Path) -> None:
    measured = {"a": measure(assembly(tmp_path), []), "b": measure(assembly(tmp_path), [])}
    head, *lines = table(measured).splitlines()
    assert head.split()[:2] == ["environment", "region"]
    assert [line.split()[:3] for line in lines] == [["a", "us-gov-west-1", "1"], ["b", "us-gov-west-1", "1"]]


@pytest.fixture
def west(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the one environment, in which the scanners find one thing."""
    (tmp_path / "west").mkdir()
    monkeypatch.setattr(checks, "SYNTH", tmp_path)
    monkeypatch.setattr(checks, "environments", lambda: ["west"])
    monkeypatch.setattr(scanners, "scan", lambda _: [[QUEUE]])
    for name in ("OUT", "KEPT"):
        monkeypatch.setattr(checks, name, tmp_path / f"{name}.json")
    return tmp_path / "west"


def test_the_command_fails_on_an_open_finding(west: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assembly(west)
    assert checks.main(TODAY) == 1
    assert "west: CKV_AWS_27 of checkov" in capsys.readouterr().out
    assembly(west, entry())
    assert checks.main(TODAY) == 0
    assert json.loads((tmp_path / "OUT.json").read_text()) == json.loads((tmp_path / "KEPT.json").read_text())


@pytest.mark.parametrize(
    ("day", "code", "said"), [(-61, 0, ""), (-60, 0, "soon: "), (0, 0, "soon: "), (1, 1, "overdue: ")]
)
def test_the_command_announces_a_review_and_fails_once_it_is_overdue(
    west: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], day: int, code: int, said: str
) -> None:
    monkeypatch.setattr(checks, "reasons", lambda: {"LITERAL_ZONES": LITERAL_ZONES})
    assembly(west, entry())
    assert checks.main(LITERAL_ZONES.review_by + timedelta(days=day)) == code
    printed = capsys.readouterr().out
    assert f"{said}LITERAL_ZONES" in printed or not said
    assert bool(said) == ("to be reviewed by" in printed)
