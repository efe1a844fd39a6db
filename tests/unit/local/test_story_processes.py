"""The story's children are bounded and watched, and a failing one is told of with its own words."""

import os
import sys
import time
from pathlib import Path

import pytest

from local.story.narrator import Narrator
from local.story.processes import run, watching
from local.story.waiting import StoryError


def test_a_child_that_fails_is_told_of_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match=r"failed \(exit code 1\).*\n(.*\n)*no such bucket"):
        run([sys.executable, "-c", "raise SystemExit('no such bucket')"], environment=os.environ, log=tmp_path / "log")


def test_a_child_that_ends_well_leaves_its_words_in_the_log(tmp_path: Path) -> None:
    run([sys.executable, "-c", "print('done')"], environment=os.environ, log=tmp_path / "log")

    assert (tmp_path / "log").read_text() == "done\n"


@pytest.mark.long
def test_a_look_that_fails_does_not_end_the_step(tmp_path: Path) -> None:
    looks = iter(["nothing yet"])
    teller = Narrator(tmp_path / "story.json", 1)
    with teller.telling(), teller.step("first", "First"), watching(teller, lambda: next(looks, "") or str(int("x"))):
        time.sleep(2.3)

    assert next(looks, None) is None
