"""Reads what a synth left behind, and says what an assessor would object to.

The rule packs leave `validation-report.json`, `accept_finding` leaves its register; neither alone proves anything:
a report without packs is green, and a suppression without a register entry has no owner.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance.findings import OWN_PACK, OWN_PACK_FILE, PACKS, REGISTER_FILE, SCANNERS

REPORT_FILE = "validation-report.json"


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """One finding that a pack reported and an acknowledgement silenced."""

    acknowledged_id: str
    construct_path: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one assembly's report says: objections (none is good), and how many findings were accepted, why."""

    objections: tuple[str, ...]
    accepted: int
    reasons: int


def judge(assembly: Path) -> Verdict:
    """Judge the report and the register of one assembly; the result is the same on every day.

    Raises:
        FileNotFoundError: the folder lacks the report, the register or the record of our pack: no assembly of ours.
    """
    report = json.loads((assembly / REPORT_FILE).read_text(encoding="utf-8"))
    register = json.loads((assembly / REGISTER_FILE).read_text(encoding="utf-8"))
    own = json.loads((assembly / OWN_PACK_FILE).read_text(encoding="utf-8"))
    suppressions = list(_suppressions(report))
    objections = (
        *_missing_packs(report, own),
        *_violations(report),
        *_strangers(suppressions, register),
        *_unused(suppressions, [entry for entry in register if entry["pack"] not in SCANNERS]),
    )
    reasons = {entry["acceptance"]["reason"] for entry in register}
    return Verdict(objections=objections, accepted=len(suppressions), reasons=len(reasons))


def _missing_packs(report: dict[str, Any], own: dict[str, Any]) -> Iterator[str]:
    present = {plugin["pluginName"] for plugin in report["pluginReports"]}
    if own["rules"] and own["stacks"]:
        present.add(OWN_PACK)
    for pack in PACKS:
        if pack not in present:
            yield f"the rule pack {pack} did not report; see compliance.nag.judge_and_synthesize"


def _violations(report: dict[str, Any]) -> Iterator[str]:
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            for where in violation["violatingConstructs"]:
                yield f"{violation['ruleName']} on {where['constructPath']}: mend the resource or accept the finding"


def _suppressions(report: dict[str, Any]) -> Iterator[Suppression]:
    for plugin in report["pluginReports"]:
        for violation in plugin.get("suppressedViolations") or ():
            for where in violation["violatingConstructs"]:
                yield Suppression(
                    acknowledged_id=violation["acknowledgedId"],
                    construct_path=where["constructPath"],
                )


def _matches(suppression: Suppression, entry: dict[str, Any]) -> bool:
    same_rule = suppression.acknowledged_id == f"{entry['pack']}::{entry['rule']}"
    return same_rule and f"{suppression.construct_path}/".startswith(f"{entry['path']}/")


def _strangers(suppressions: Sequence[Suppression], register: Sequence[dict[str, Any]]) -> Iterator[str]:
    for one in suppressions:
        if not any(_matches(one, entry) for entry in register):
            yield f"{one.acknowledged_id} on {one.construct_path} is silenced without accept_finding"


def _unused(suppressions: Sequence[Suppression], register: Sequence[dict[str, Any]]) -> Iterator[str]:
    for entry in register:
        if not any(_matches(one, entry) for one in suppressions):
            yield f"{entry['rule']} is accepted on {entry['path']} but not found there; remove the acceptance"
