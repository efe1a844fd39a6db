"""What is long runs in shares: the seed draws them, all together they are the whole, and nothing else is left out."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import share

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest
@pytest.mark.share(2)
@pytest.mark.parametrize("number", range(9))
def test_drawn(number): pass
@pytest.mark.parametrize("number", range(3))
def test_always(number): pass
@pytest.mark.share(1, among="losses")
def test_one_way(): pass
@pytest.mark.share(1, among="losses")
def test_another_way(): pass
"""


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    share.seed.cache_clear()
    monkeypatch.delenv(share.WHOLE, raising=False)
    monkeypatch.setenv(share.SEED, "1")
    return monkeypatch


def test_a_seed_draws_the_same_share_again_and_others_draw_others(seeded: pytest.MonkeyPatch) -> None:
    first = share.drawn(range(20), 3, "a test")
    assert first == share.drawn(range(20), 3, "a test") == sorted(first)
    assert first != share.drawn(range(20), 3, "another test")
    met = set(first)
    for number in range(100):
        share.seed.cache_clear()
        seeded.setenv(share.SEED, str(number))
        met.update(share.drawn(range(20), 3, "a test"))
    assert met == set(range(20))


def test_where_everything_runs_nothing_is_left_out(seeded: pytest.MonkeyPatch) -> None:
    seeded.setenv(share.WHOLE, "1")
    assert share.drawn(range(20), 3, "a test") == list(range(20))


def test_without_a_seed_the_commit_is_the_seed(seeded: pytest.MonkeyPatch) -> None:
    seeded.delenv(share.SEED)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert share.seed() == (head[:12] or "0")


@pytest.fixture
def of_tests(tmp_path: Path) -> Callable[..., str]:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = share(count, among)\n")

    def run(*arguments: str, **environment: str) -> str:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *arguments]
        kept = {name: value for name, value in os.environ.items() if name not in {share.SEED, share.WHOLE}}
        given = kept | {"PYTHONPATH": str(ROOT)} | environment
        done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.long
def test_pytest_runs_the_share_says_which_and_leaves_other_tests_whole(of_tests: Callable[..., str]) -> None:
    said = of_tests(ATOLL_TEST_SEED="5")
    assert (said.count("::test_drawn["), said.count("::test_always[")) == (2, 3)
    assert said.count("_way PASSED") == 1
    assert "8 cases of what is long were not drawn; ATOLL_TEST_SEED=5 draws this share again" in said


@pytest.mark.long
def test_a_case_that_is_named_runs_whatever_the_seed(of_tests: Callable[..., str]) -> None:
    assert of_tests(*(f"test_some.py::test_drawn[{number}]" for number in range(9))).count("::test_drawn[") == 9
