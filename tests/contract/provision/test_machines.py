"""Machines on which the set-up can't begin say so in one sentence, and leave nothing half made."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.provision.conftest import base_python, copy_project
from tests.patience import PATIENCE

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "atoll")


def setup(clone: Path, python: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "setup", f"PYTHON={python}"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VIRTUAL_ENV"))}
    return subprocess.run(
        command, cwd=clone, env=kept | environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def test_debians_own_python_without_its_venv_is_told_which_package_to_install(clone: Path, tmp_path: Path) -> None:
    """Debian's python3 lacks the module ensurepip until python3-venv is there; pip is refused beside it (PEP 668)."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError('No module named ensurepip')\n")
    done = setup(clone, base_python(), PYTHONPATH=str(tmp_path))
    assert done.returncode
    first, *rest = done.stderr.splitlines()
    assert first.startswith("atoll: ")
    assert "ensurepip is missing" in first
    assert "`apt-get install python3." in first
    assert all(line.startswith("make: ") for line in rest)
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("version", ["3.9", "3.15"])
def test_a_python_that_is_too_old_or_too_new_is_told_so(clone: Path, tmp_path: Path, version: str) -> None:
    other = tmp_path / "python3"
    info = f"({version.replace('.', ', ')})"
    other.write_text(f'#!/bin/sh\nexec {base_python()} -c "import sys; sys.version_info = {info}; $2"\n')
    other.chmod(0o755)
    said = setup(clone, other).stderr.splitlines()[0]
    assert said == f"Python {version} was found; Atoll needs 3.11 to 3.14. Name one: make PYTHON=python3.11"
    assert not (clone / ".venv").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Path, tmp_path: Path) -> None:
    """An upgrade of the machine's Python leaves links to nothing, and a stamp that says that all is there."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(tmp_path / "gone")
    (clone / ".venv" / ".ready-story").touch()
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    assert "Making .venv" in setup(clone, base_python(), **nowhere, HOME=str(tmp_path)).stderr


def test_a_machine_that_reaches_no_index_is_told_where_to_name_one(clone: Path, tmp_path: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = setup(clone, base_python(), **nowhere, HOME=str(tmp_path))
    assert done.returncode
    assert "atoll: pip could not install uv" in done.stderr
    assert "pip config set global.index-url" in done.stderr


def test_a_second_set_up_of_one_checkout_is_refused_with_a_sentence_and_does_nothing(clone: Path) -> None:
    held = os.open(clone / "provision", os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = setup(clone, base_python())
    finally:
        os.close(held)
    assert done.returncode
    first, *rest = done.stderr.splitlines()
    assert first.startswith(f"atoll: Another `make` installs packages in {clone} at this moment.")
    assert all(line.startswith("make: ") for line in rest)
    assert not (clone / ".venv").exists()


def test_an_ordinary_user_whose_group_may_write_to_the_cache_folder_can_load_the_cdk(tmp_path: Path) -> None:
    """The umask 002 of Debian's, Ubuntu's and Red Hat's ordinary users does that; jsii refuses its cache there."""
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache").chmod(0o775)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JSII_RUNTIME_")}
    command = [sys.executable, "-c", "import stacks, aws_cdk; aws_cdk.App()"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment | {"HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
