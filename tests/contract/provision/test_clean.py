"""`make clean` takes nothing away from under a story that is being told."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.contract.provision.conftest import copy_project
from tests.patience import PATIENCE
from tests.tracked import ROOT


def clean(clone: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "VIRTUAL_ENV"))}
    command = ["make", "--no-print-directory", "clean"]
    return subprocess.run(command, cwd=clone, env=kept, capture_output=True, text=True, check=False, timeout=PATIENCE)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A checkout in which a story wrote something; its environment is this one's."""
    clone = copy_project(tmp_path / "atoll")
    (clone / ".venv").symlink_to(ROOT / ".venv")
    (clone / "build").mkdir()
    (clone / "build" / "story.json").write_text("{}")
    return clone


def test_what_a_story_is_using_is_not_cleaned_away(told: Path) -> None:
    with (told / "build" / "story.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = clean(told)
    assert done.returncode
    assert "Another `make story` or `make story-down` works in" in done.stdout + done.stderr
    assert (told / "build" / "story.json").exists()


def test_after_a_story_its_files_are_cleaned_away_and_the_environment_stays(told: Path) -> None:
    (told / "build" / "story.lock").touch()
    done = clean(told)
    assert done.returncode == 0, done.stderr
    assert not (told / "build").exists()
    assert (told / ".venv" / "bin" / "python").exists()
