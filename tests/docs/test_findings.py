"""docs/findings.md is whole, and every test that it names is there."""

import re

from compliance import creation, database, perimeter, permissions, predicates, serving
from compliance.synth import ROOT

PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
TABLES = {
    "Foundation, Registry, Tracking": [str(number) for number in range(1, 19)],
    "Training, release, endpoint, monitoring": [str(number) for number in range(1, 25)],
    "Public bug reports": [
        *(f"F{number}" for number in range(1, 17) if number != 14),
        "O1",
        "O2",
        "O3",
        "O4",
        "O5",
        "O6",
    ],
}


def rows(title: str) -> list[str]:
    table = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]


def test_every_finding_has_a_line() -> None:
    for title, wanted in TABLES.items():
        told = {number for row in rows(title) for number in row.split(", ")}
        assert told >= set(wanted), sorted(set(wanted) - told)


def test_every_test_that_a_finding_names_exists() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE))
    assert named
    assert sorted(name for name in named if f"def {name}(" not in source) == []


def test_every_claim_that_a_finding_names_is_checked() -> None:
    rooms = (predicates, permissions, serving, perimeter, database, creation)
    known = {claim.__name__ for room in rooms for claim in room.CLAIMS}
    assert sorted(set(re.findall(r"claim `([a-z_]+)`", PAGE)) - known) == []
