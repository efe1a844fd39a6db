import ast
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from compliance import accepted
from compliance.findings import Acceptance, Accepted, FindingError, Register, check_rule

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {
    "reason": "eight words are the least that any assessor reads",
    "control": "AC-6",
    "compensating": "eight other words say what makes up for it",
    "owner": "platform team",
    "review_by": date(2027, 1, 1),
}


@pytest.mark.parametrize(
    ("field", "value"), [("reason", ""), ("reason", "needed"), ("compensating", "n/a"), ("control", ""), ("owner", "")]
)
def test_a_thin_acceptance_is_refused(field: str, value: str) -> None:
    thin: dict[str, Any] = GOOD | {field: value}
    with pytest.raises(FindingError):
        Acceptance(**thin)


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(FindingError, match="unknown rule pack 'HIPAA'"):
        check_rule("HIPAA", "HIPAA-1")


def test_a_rule_of_another_pack_is_refused() -> None:
    with pytest.raises(FindingError, match="is not one of AwsSolutions"):
        check_rule("AwsSolutions", "NIST.800.53.R5-IAMNoInlinePolicy")


def test_the_register_is_sorted_and_holds_each_finding_once(tmp_path: Path) -> None:
    register, why = Register(), Acceptance(**GOOD)
    for path in ("b", "a", "b"):
        register.add(Accepted(path=path, pack="AwsSolutions", rule="AwsSolutions-S1", acceptance=why))
    register.write(tmp_path)
    entries = json.loads((tmp_path / "accepted-findings.json").read_text())
    assert [entry["path"] for entry in entries] == ["a", "b"]
    assert entries[0]["acceptance"]["review_by"] == "2027-01-01"


def test_only_accept_finding_acknowledges() -> None:
    callers = [
        path.relative_to(ROOT).as_posix()
        for room in ("stacks", "compliance")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"acknowledge", "acknowledge_warning"}
    ]
    assert callers == ["compliance/findings.py"]


def test_at_most_a_dozen_reasons_exist_and_each_is_used() -> None:
    names = [name for name, value in vars(accepted).items() if isinstance(value, Acceptance)]
    assert len(names) <= 12
    code = "".join(path.read_text() for path in (ROOT / "stacks").rglob("*.py"))
    assert [name for name in names if name not in code] == []


def test_unit_tests_of_this_room_never_load_the_cdk() -> None:
    assert "aws_cdk" not in sys.modules
