"""`make test` runs its parts by name, `make ahead` its lanes: none of the tests may belong to none, or to two."""

import re
import subprocess
from collections import Counter
from pathlib import Path

from tests.ahead.__main__ import LANES

ROOT = Path(__file__).resolve().parents[2]


def files(place: str) -> set[Path]:
    return set((ROOT / place).rglob("test_*.py"))


def counted(runs: list[list[str]]) -> Counter[Path]:
    """How many of pytest's runs each file is in."""
    found: Counter[Path] = Counter()
    for words in runs:
        left_out = {file for word in words if "=" in word for file in files(word.partition("=")[2])}
        found.update({file for word in words if "=" not in word for file in files(word)} - left_out)
    return found


def test_every_test_belongs_to_one_part_of_make_test() -> None:
    [names] = re.findall(r"^PARTS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    command = ["make", "--dry-run", "--always-make", *(f"test-{name}" for name in names.split())]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    runs = [run.split() for run in re.findall(r"(?:coverage run|python) -m pytest -q (.*) 2>&1", said)]
    assert len(runs) == len(names.split())
    assert counted(runs) == Counter(files("tests"))


def test_every_unit_test_is_run_once_a_year_ahead() -> None:
    assert counted(LANES) == Counter(files("tests/unit") | files("tests/docs"))
