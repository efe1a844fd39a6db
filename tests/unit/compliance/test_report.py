import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from compliance.report import judge

ID = "AwsSolutions::AwsSolutions-S1"


def entry(path: str = "Stack/Bucket", review_by: str = "2027-01-01") -> dict[str, Any]:
    acceptance = {"reason": "because", "control": "AC-6", "review_by": review_by}
    return {"path": path, "pack": "AwsSolutions", "rule": "AwsSolutions-S1", "acceptance": acceptance}


def plugin(
    name: str, *, violated: tuple[str, ...] = (), suppressed: tuple[tuple[str, str], ...] = ()
) -> dict[str, Any]:
    return {
        "pluginName": name,
        "violations": [
            {"ruleName": rule, "violatingConstructs": [{"constructPath": "Stack/Bucket/Resource"}]} for rule in violated
        ],
        "suppressedViolations": [
            {"acknowledgedId": known, "violatingConstructs": [{"constructPath": path}]} for known, path in suppressed
        ],
    }


NIST = plugin("NIST.800.53.R5")
USED = plugin("AwsSolutions", suppressed=((ID, "Stack/Bucket/Resource"),))


def objections(
    folder: Path, plugins: list[dict[str, Any]], register: list[dict[str, Any]], rules: Sequence[str] = ("Atoll-a",)
) -> tuple[str, ...]:
    (folder / "validation-report.json").write_text(json.dumps({"pluginReports": plugins}))
    (folder / "accepted-findings.json").write_text(json.dumps(register))
    (folder / "atoll-rules.json").write_text(json.dumps({"rules": rules, "stacks": ["Stack"]}))
    return judge(folder).objections


def test_our_own_pack_without_rules_proves_nothing(tmp_path: Path) -> None:
    [only] = objections(tmp_path, [USED, NIST], [entry()], rules=())
    assert "the rule pack Atoll did not report" in only


def test_a_used_acceptance_of_a_present_pack_is_fine(tmp_path: Path) -> None:
    assert objections(tmp_path, [USED, NIST], [entry()]) == ()


def test_a_report_without_packs_proves_nothing(tmp_path: Path) -> None:
    said = objections(tmp_path, [], [])
    assert len(said) == 2
    assert "AwsSolutions did not report" in said[0]


def test_a_violation_is_an_objection(tmp_path: Path) -> None:
    said = objections(tmp_path, [plugin("AwsSolutions", violated=("AwsSolutions-S1",)), NIST], [])
    assert said == ("AwsSolutions-S1 on Stack/Bucket/Resource: mend the resource or accept the finding",)


def test_a_suppression_past_the_door_is_an_objection(tmp_path: Path) -> None:
    assert "without accept_finding" in objections(tmp_path, [USED, NIST], [])[0]


def test_an_acceptance_of_a_namesake_does_not_cover(tmp_path: Path) -> None:
    said = objections(tmp_path, [USED, NIST], [entry("Stack/Buck")])
    assert "without accept_finding" in said[0]


def test_an_acceptance_that_matches_nothing_is_an_objection(tmp_path: Path) -> None:
    assert "remove the acceptance" in objections(tmp_path, [USED, NIST], [entry(), entry("Stack/Other")])[0]


def test_a_synth_is_judged_alike_on_every_day(tmp_path: Path) -> None:
    assert objections(tmp_path, [USED, NIST], [entry(review_by="2001-01-01")]) == ()


def test_a_folder_without_a_report_is_not_judged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        judge(tmp_path)
