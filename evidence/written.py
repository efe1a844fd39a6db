"""The ledger on disk: `ledger.json` for programs, `ledger.csv` and `parts.csv` for workbooks, `commands.md` to run."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evidence.catalogue import name_of
from evidence.facts import Facts
from evidence.ledger import STATES, Judged, Ledger
from evidence.questions import QUESTIONS
from evidence.workbooks import empty, sheets

HEAD = ("statement", "control", "title", "kind", "methods", "state", "carried by", "who, whence or why", "words")


def write(ledger: Ledger, facts: Facts, folder: Path) -> None:
    """Write every form of the ledger: the same bytes for the same assembly, on every machine and day."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_document(ledger, facts), indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "ledger.json").write_text(f"{text}\n", encoding="utf-8")
    _csv(folder / "ledger.csv", HEAD, (_row(ledger, name) for name in ledger.entries))
    _csv(folder / "parts.csv", ("part", "state"), ledger.parts.items())
    (folder / "commands.md").write_text(_commands(), encoding="utf-8")
    workbooks = sheets(ledger)
    for name, (head, rows) in workbooks.items():
        _csv(folder / f"{name}.csv", head, rows)
    missing = {name: empty(sheet) for name, sheet in workbooks.items()}
    (folder / "empty.json").write_text(f"{json.dumps(missing, indent=1)}\n", encoding="utf-8")
    (folder / "counts.json").write_text(f"{json.dumps(counts(ledger), indent=1)}\n", encoding="utf-8")


def counts(ledger: Ledger) -> dict[str, dict[str, int]]:
    """Count statements by state, all and each kind, and parts."""
    kinds = ("system", "mechanism", "organization")
    of_kind = {kind: [each.state for each in ledger.entries.values() if each.kind == kind] for kind in kinds}
    return {
        "statements": ledger.counts(),
        **{kind: {state: states.count(state) for state in STATES} for kind, states in of_kind.items()},
        "parts": ledger.part_counts(),
    }


def summary(ledger: Ledger, facts: Facts, folder: Path) -> str:
    """Say in a few lines what was found, and what it is not."""
    counts = ", ".join(f"{number} {state}" for state, number in ledger.counts().items())
    silent = sorted(each.lacks for each in ledger.claims.values() if each.claim.shows and each.lacks)
    lines = [f"{facts.environment}: {len(ledger.entries)} statements: {counts}", *silent]
    lines.append(f"written to {folder}. It is no authorization: nothing of this was deployed or operated.")
    return "".join(f"{line}\n" for line in lines)


def _document(ledger: Ledger, facts: Facts) -> dict[str, Any]:
    return {
        "environment": facts.environment,
        "assembly_sha256": facts.sha256,
        "statements": {name: _entry(ledger, name) for name in ledger.entries},
        "parts": dict(ledger.parts),
        "claims": {name: _claim(each) for name, each in ledger.claims.items()},
        "counts": counts(ledger),
        "commands": {each.name: {"command": each.command, "expected": each.expected} for each in QUESTIONS},
    }


def _entry(ledger: Ledger, name: str) -> dict[str, Any]:
    entry = ledger.entries[name]
    return {
        "control": entry.statement.control,
        "kind": entry.kind,
        "state": entry.state,
        "carried_by": list(entry.carried_by),
        "says": entry.words,
        "words": entry.statement.words,
    }


def _claim(judged: Judged) -> dict[str, Any]:
    return {
        "says": " ".join((judged.claim.predicate.__doc__ or "").split()),
        "source": f"{judged.claim.predicate.__module__}.{judged.claim.name}",
        "shows": list(judged.claim.shows),
        "supports": list(judged.claim.supports),
        "subjects": list(judged.subjects),
        "objections": list(judged.objections),
        "mutants": [asdict(each) for each in judged.kills],
        "lacks": judged.lacks,
    }


def _row(ledger: Ledger, name: str) -> tuple[str, ...]:
    entry = ledger.entries[name]
    about = entry.statement
    return (
        name,
        name_of(about.control),
        about.title,
        entry.kind,
        " ".join(about.methods),
        entry.state,
        " ".join(entry.carried_by),
        entry.words,
        about.words,
    )


def _csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _commands() -> str:
    parts = ["# What the account answers\n\nRun with the auditor's role; each only reads.\n"]
    for each in QUESTIONS:
        expected = ", ".join(f"`{one}`" for one in each.expected)
        decides = ", ".join(each.statements)
        parts.append(
            f"## {each.name}\n\n```\n{each.command}\n```\n\n{each.says}\n\nExpected: {expected}\n\nDecides: {decides}\n"
        )
    return "\n".join(parts)
