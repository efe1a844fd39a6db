"""What was measured, for the documents: by `make checks` (docs/checks.json), by `make bench-setup` (docs/setup.json).

By `make evidence` (docs/evidence.json), too. Tests hold the first and the last against fresh assemblies.
"""

import json
from pathlib import Path
from typing import Any

Row = tuple[str, ...]
REMOVAL = {
    "AWS::Backup::BackupVault": "delete the recovery points (`aws backup delete-recovery-point`), then the vault",
    "AWS::ECR::Repository": "images of past releases: `aws ecr delete-repository --force`",
    "AWS::KMS::Key": "last of all, for without its key nothing can be read: `aws kms schedule-key-deletion`",
    "AWS::Logs::LogGroup": "they empty themselves by the log profile; `aws logs delete-log-group`",
    "AWS::RDS::DBInstance": "its last snapshot, the registry of record: `aws rds delete-db-snapshot`",
    "AWS::S3::Bucket": "under your retention schedule, as Object Lock lets you: delete all versions, then the bucket",
}
"""How to remove what outlives its stack, by type."""


def kept(root: Path) -> dict[str, dict[str, Any]]:
    """Read what was measured, by environment."""
    return json.loads((root / "docs" / "checks.json").read_text(encoding="utf-8"))


def rules(root: Path) -> tuple[Row, list[Row]]:
    """Each rule that found something: its findings before acceptance in each environment, and why they stand."""
    measured = kept(root)
    names = sorted({rule for each in measured.values() for rule in each["rules"]})
    rows: list[Row] = []
    for name in names:
        found = {environment: each["rules"].get(name) for environment, each in measured.items()}
        reasons = sorted({reason for each in found.values() if each for reason in each["reasons"]})
        counts = (str(each["found"]) if each else "0" for each in found.values())
        rows.append((f"`{name}`", *counts, ", ".join(f"`{reason}`" for reason in reasons)))
    return ("rule", *measured, "accepted because"), rows


def stays(root: Path) -> tuple[Row, list[Row]]:
    """What outlives the stacks, how many of each in each environment, which, and how to remove it.

    Raises:
        KeyError: something stays and `REMOVAL` does not say how it goes.
    """
    measured = kept(root)
    rows: list[Row] = []
    for kind in sorted({kind for each in measured.values() for kind in each["stays"]}):
        names = sorted({name for each in measured.values() for name in each["stays"].get(kind, ())})
        which = ", ".join(name.removeprefix("Atoll-") for name in names)
        counts = (str(len(each["stays"].get(kind, ()))) for each in measured.values())
        rows.append((kind.removeprefix("AWS::"), *counts, which, REMOVAL[kind]))
    return ("stays", *measured, "which", "how to remove it"), rows


def environments(root: Path) -> tuple[Row, list[Row]]:
    """Each environment: what it would deploy, and what was found in it before and after acceptance."""
    head = ("environment", "region", "stacks", "resources", "roles", "with boundary", "VPC endpoints")
    rows: list[Row] = [
        (
            name,
            *(str(each[key]) for key in ("region", "stacks", "resources", "roles", "roles_with_boundary")),
            str(len(each["endpoints"])),
            *(str(each["findings"][key]) for key in ("before_acceptance", "open")),
            str(len(each["acceptances"]["reasons"])),
        )
        for name, each in kept(root).items()
    ]
    return (*head, "findings before acceptance", "not accepted", "reasons"), rows


_BUSY = 1.0
"""The load from which other work on two cores shows in the times."""
_WAITS = {
    "first_story": "from the clone to the first story's table",
    "second_story": "a later story",
    "set_up_and_bundles": "of the first day: set-up, and the functions' bundles for this machine and AWS's",
}


def setup_times(root: Path) -> tuple[Row, list[Row]]:
    """How long a newcomer waits, and for how much; nothing is claimed before `make bench-setup` has measured it."""
    measured = root / "docs" / "setup.json"
    if not measured.exists():
        return ("what", "time (`make bench-setup`)"), [(text, "not measured yet") for text in _WAITS.values()]
    found = json.loads(measured.read_text(encoding="utf-8"))
    busy = ", beside other work" if found["machine"]["load_before"] > _BUSY else ""
    head = ("what", f"on {found['machine']['cores']} cores{busy} (`make bench-setup`)")
    rows = [(text, f"{found['seconds'][name] / 60:.1f} minutes") for name, text in _WAITS.items()]
    came = {each["phase"]: each["fetched_mb"] for each in found["phases"]}
    fetched = sum(came[phase] for phase in ("set-up", "bundles for this machine"))
    return head, [*rows, ("downloads before the first story", f"{fetched:.0f} MB")]


def evidence(root: Path) -> tuple[Row, list[Row]]:
    """How many statements and parts are in which state: of all, of each kind, by environment."""
    counted = json.loads((root / "docs" / "evidence.json").read_text(encoding="utf-8"))
    states = next(iter(counted.values()))["statements"]
    rows: list[Row] = [
        (environment, name, *(str(of[state]) for state in states))
        for environment, each in counted.items()
        for name, of in each.items()
    ]
    return ("environment", "counted", *states), rows
