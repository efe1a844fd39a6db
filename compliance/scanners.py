"""Scanners that read the templates of an assembly: cfn-lint, checkov and cloudsplaining, held against the register.

They come after the synth and see no constructs: what they object to is found again by its logical id.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudsplaining.scan.policy_document import PolicyDocument

from compliance.findings import REGISTER_FILE, SCANNERS
from compliance.templates import Statement, read_templates, statements

CHECKOV = Path(__file__).parent.parent / "build" / "checkov" / "bin" / "checkov"
"""Its pins clash with ours, so `make checkov` gives it a venv of its own, from compliance/requirements-checkov.txt."""

_RISKS = {  # cloudsplaining's name of a risk -> how its policy document tells
    "PrivilegeEscalation": "allows_privilege_escalation",
    "DataExfiltration": "allows_data_exfiltration_actions",
    "ResourceExposure": "permissions_management_without_constraints",
    "CredentialsExposure": "credentials_exposure",
    "ServiceWildcard": "service_wildcard",
    "InfrastructureModification": "infrastructure_modification",
}
_SECONDS = 300


class ScannerError(Exception):
    """A scanner did not do its work; the message holds what it said."""


@dataclass(frozen=True, kw_only=True)
class ScannerFinding:
    """What one scanner objects to: its rule, and the resource or output by its construct's path."""

    scanner: str
    rule: str
    path: str


def scan(assembly: Path) -> list[ScannerFinding]:
    """Let every scanner read every template of the assembly.

    Raises:
        ScannerError: a scanner failed, or read nothing.
    """
    found = [*_checkov(assembly), *_cfn_lint(assembly), *_cloudsplaining(assembly)]
    paths = {stack: _construct_paths(assembly, stack) for stack in read_templates(assembly)}
    return [
        ScannerFinding(scanner=scanner, rule=rule, path=paths[stack].get(logical_id, f"{stack}/{logical_id}"))
        for scanner, rule, stack, logical_id in found
    ]


def objections(assembly: Path, findings: Sequence[ScannerFinding]) -> list[str]:
    """Say which findings nobody accepted, and which acceptances of a scanner's findings match none."""
    register = json.loads((assembly / REGISTER_FILE).read_text(encoding="utf-8"))
    entries = [entry for entry in register if entry["pack"] in SCANNERS]
    open_ = [
        f"{one.rule} of {one.scanner} on {one.path}: mend the resource or accept the finding"
        for one in findings
        if acceptance(one, entries) is None
    ]
    unused = [
        f"{entry['rule']} of {entry['pack']} is accepted on {entry['path']} but not found there; remove the acceptance"
        for entry in entries
        if not any(acceptance(one, [entry]) for one in findings)
    ]
    return [*open_, *unused]


def acceptance(finding: ScannerFinding, entries: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Give the register's entry that covers a finding, if there is one."""
    for entry in entries:
        same = (entry["pack"], entry["rule"]) == (finding.scanner, finding.rule)
        if same and f"{finding.path}/".startswith(f"{entry['path']}/"):
            return entry
    return None


def _cfn_lint(assembly: Path) -> Iterator[tuple[str, str, str, str]]:
    files = [str(path) for path in sorted(assembly.glob("*.template.json"))]
    program = Path(sys.executable).with_name("cfn-lint")
    for each in _answer([str(program), "--format", "json", "--regions", region(assembly), "--", *files]):
        _, logical_id, *_ = [*(each["Location"]["Path"] or ()), "", ""]
        yield "cfn-lint", each["Rule"]["Id"], _stack(each["Filename"]), str(logical_id)


def _checkov(assembly: Path) -> Iterator[tuple[str, str, str, str]]:
    if not CHECKOV.exists():
        raise ScannerError(f"there is no {CHECKOV}; `make checkov` installs it")
    files = [word for path in sorted(assembly.glob("*.template.json")) for word in ("--file", path.name)]
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json"]
    answer = _answer([str(CHECKOV), *options, *files], within=assembly)  # it takes a path of 40 letters for a key
    summary = answer.get("summary", answer)
    if summary["parsing_errors"] or not summary["resource_count"]:
        raise ScannerError(f"checkov could not read the templates of {assembly}: {summary}")
    for each in answer["results"]["failed_checks"] if "results" in answer else ():
        logical_id = each["resource"].partition(".")[2].partition(".")[0]
        yield "checkov", each["check_id"], _stack(each["file_path"]), logical_id


def _cloudsplaining(assembly: Path) -> Iterator[tuple[str, str, str, str]]:
    policies: dict[tuple[str, str], list[dict[str, object]]] = {}
    for one in statements(read_templates(assembly)):
        policies.setdefault((one.policy.stack, one.policy.logical_id), []).append(_plain(one))
    for (stack, logical_id), body in policies.items():
        document = PolicyDocument({"Version": "2012-10-17", "Statement": body})
        for risk, attribute in _RISKS.items():
            if getattr(document, attribute):
                yield "cloudsplaining", risk, stack, logical_id


def _plain(statement: Statement) -> dict[str, object]:
    """Write a statement as IAM sees it: cloudsplaining asks of resources only whether they are `*`."""
    named = [each if isinstance(each, str) else json.dumps(each) for each in statement.resources]
    plain = {"Effect": statement.effect, "Action": list(statement.actions), "Resource": named}
    return {**plain, "Condition": statement.conditions} if statement.conditions else plain


def _answer(command: Sequence[str], within: Path | None = None) -> Any:  # noqa: ANN401 - each scanner's JSON differs
    run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False, cwd=within)
    try:
        return json.loads(run.stdout)
    except ValueError as error:
        said = " ".join(run.stderr.split()) or "nothing"
        raise ScannerError(f"{Path(command[0]).name} ended with status {run.returncode} and said {said}") from error


def _stack(file: str) -> str:
    return Path(file).name.removesuffix(".template.json")


def region(assembly: Path) -> str:
    """Give the region that the assembly's stacks are for."""
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"].values()
    places = {
        each["environment"].rpartition("/")[2] for each in artifacts if each["type"] == "aws:cloudformation:stack"
    }
    [only] = places
    return only


def _construct_paths(assembly: Path, stack: str) -> dict[str, str]:
    """Give logical id -> construct path, as the CDK wrote them beside the template."""
    metadata = json.loads((assembly / f"{stack}.metadata.json").read_text(encoding="utf-8"))
    return {
        entry["data"]: path.removeprefix("/")
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
