"""Runs the story as `make story` does, and looks at what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "build" / "local"
RECORD = ROOT / "build" / "story.json"
COMMAND = (sys.executable, "-m", "local.story")

STEPS = [
    *(
        "start",
        "synthesize",
        "bootstrap",
        "deploy",
        "tracking",
        "ledger",
        "etl",
        "train",
        "register",
        "deny",
        "approve",
    ),
    *("settle", "score", "batch", "monitor", "challenge", "reject", "replace", "rollback", "stop", "cut-off"),
    "same-person",
    *("forged-registry", "refused-by-gate", "refused-tampered", "rolled-back", "audit", "teardown"),
]
"""What a full story tells."""

Steps = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Told:
    """What a story printed, and its steps by name."""

    output: str
    steps: Steps


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the story's command to its end; what it prints is one text."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def tell(*arguments: str) -> Told:
    """Tell a story that must end well."""
    done = run(*arguments)
    assert done.returncode == 0, done.stdout[-9000:]
    assert json.loads(RECORD.read_text())["status"] == "ok"
    return Told(done.stdout, recorded())


def recorded() -> Steps:
    """The steps in the record, by name; none while there is no record."""
    try:
        return {step["name"]: step for step in json.loads(RECORD.read_text())["steps"]}
    except FileNotFoundError:
        return {}


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that work in a folder below this checkout."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if str(folder).encode() in words:
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
