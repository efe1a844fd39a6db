"""Tables of what `make checks` measured and kept in docs/checks.json; tests hold that file against fresh assemblies."""

import json
from pathlib import Path
from typing import Any

Row = tuple[str, ...]


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
