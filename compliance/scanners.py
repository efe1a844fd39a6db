"""Scanners that read the templates of an assembly: cfn-lint, checkov and cloudsplaining, held against the register.

They come after the synth and see no constructs: what they object to is found again by its logical id.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

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
_SECONDS = 600
_TEMPLATE = ".template.json"
_Found: TypeAlias = tuple[str, str, str, str, str]
"""Scanner, rule, the assembly's number, stack, logical id."""


class ScannerError(Exception):
    """A scanner did not do its work; the message holds what it said."""


@dataclass(frozen=True, kw_only=True)
class ScannerFinding:
    """What one scanner objects to: its rule, and the resource or output by its construct's path."""

    scanner: str
    rule: str
    path: str


def scan(*assemblies: Path) -> list[list[ScannerFinding]]:
    """Let every scanner read every template of each assembly, in one run: most of a scanner's time is its start.

    Raises:
        ScannerError: a scanner failed, or read nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = {str(number): each for number, each in enumerate(assemblies)}
        for name, assembly in places.items():
            (Path(folder) / name).mkdir()
            for path in assembly.glob(f"*{_TEMPLATE}"):
                shutil.copy(path, Path(folder) / name)
        found = [*_checkov(Path(folder)), *_cfn_lint(Path(folder), places), *_cloudsplaining(places)]
    return [[_placed(each, assembly) for each in found if each[2] == name] for name, assembly in places.items()]


def _placed(found: _Found, assembly: Path) -> ScannerFinding:
    scanner, rule, _, stack, logical_id = found
    path = _construct_paths(assembly, stack).get(logical_id, f"{stack}/{logical_id}")
    return ScannerFinding(scanner=scanner, rule=rule, path=path)


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


def _cfn_lint(folder: Path, places: Mapping[str, Path]) -> Iterator[_Found]:
    program = Path(sys.executable).with_name("cfn-lint")
    homes = {name: region(assembly) for name, assembly in places.items()}
    for home in sorted(set(homes.values())):
        files = [file for file in _templates(folder) if homes[_place(file)] == home]
        for each in _answer([str(program), "--format", "json", "--regions", home, "--", *files], within=folder):
            _, logical_id, *_ = [*(each["Location"]["Path"] or ()), "", ""]
            file = each["Filename"]
            yield "cfn-lint", each["Rule"]["Id"], _place(file), _stack(file), str(logical_id)


def _checkov(folder: Path) -> Iterator[_Found]:
    if not CHECKOV.exists():
        raise ScannerError(f"there is no {CHECKOV}; `make checkov` installs it")
    files = [word for path in _templates(folder) for word in ("--file", path)]
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet", "--output", "json"]
    answer = _answer([str(CHECKOV), *options, *files], within=folder)  # it takes a path of 40 letters for a key
    summary = answer.get("summary", answer)
    if summary["parsing_errors"] or not summary["resource_count"]:
        raise ScannerError(f"checkov could not read the templates of {folder}: {summary}")
    for each in answer["results"]["failed_checks"] if "results" in answer else ():
        logical_id = each["resource"].partition(".")[2].partition(".")[0]
        yield "checkov", each["check_id"], _place(each["file_path"]), _stack(each["file_path"]), logical_id


def _cloudsplaining(places: Mapping[str, Path]) -> Iterator[_Found]:
    for name, assembly in places.items():
        policies: dict[tuple[str, str], list[dict[str, object]]] = {}
        for one in statements(read_templates(assembly)):
            policies.setdefault((one.policy.stack, one.policy.logical_id), []).append(_plain(one))
        for (stack, logical_id), body in policies.items():
            document = PolicyDocument({"Version": "2012-10-17", "Statement": body})
            for risk, attribute in _RISKS.items():
                if getattr(document, attribute):
                    yield "cloudsplaining", risk, name, stack, logical_id


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


def _templates(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in sorted(folder.glob(f"*/*{_TEMPLATE}"))]


def _place(file: str) -> str:
    return Path(file).parent.name


def _stack(file: str) -> str:
    return Path(file).name.removesuffix(_TEMPLATE)


def region(assembly: Path) -> str:
    """Give the region that the assembly's stacks are for."""
    artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"].values()
    places = {
        each["environment"].rpartition("/")[2] for each in artifacts if each["type"] == "aws:cloudformation:stack"
    }
    [only] = places
    return only


@cache
def _construct_paths(assembly: Path, stack: str) -> dict[str, str]:
    """Give logical id -> construct path, as the CDK wrote them beside the template."""
    metadata = json.loads((assembly / f"{stack}.metadata.json").read_text(encoding="utf-8"))
    return {
        entry["data"]: path.removeprefix("/")
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
