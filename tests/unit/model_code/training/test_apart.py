import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model_code.errors import InputError
from model_code.training import apart
from tests.unit.model_code.serving import crafted
from tests.unit.model_code.serving.boosters import booster

pytestmark = pytest.mark.long
MODEL = bytes(booster(5, "binary:logistic", 3).save_raw("ubj"))
ROWS = np.random.default_rng(1).normal(size=(40, 3))


def test_scores_from_the_process_are_xgboosts_own() -> None:
    expected = booster(5, "binary:logistic", 3).inplace_predict(ROWS)
    assert np.array_equal(apart.score_apart(MODEL, ROWS), expected)
    assert np.array_equal(apart.score_apart(MODEL, np.asfortranarray(ROWS)), expected)


def test_a_crafted_model_isnt_even_given_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_run", lambda *_: pytest.fail("The process was started."))
    content = crafted.crafted(MODEL, lambda document: crafted.model_of(document)["tree_info"].__setitem__(0, 3))
    with pytest.raises(InputError, match="tree_info isn't whole numbers from 0 to 0"):
        apart.score_apart(content, ROWS)


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(InputError, match=r"takes 3 features and its features\.json names 2"):
        apart.score_apart(MODEL, ROWS[:, :2])


@pytest.fixture
def taken_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """What a model does that has taken over its process: `deed`, in the place of its loading."""

    def take_over(deed: str) -> None:
        text = (
            "import os, resource, signal, sys, time; import model_code.training.apart as apart\n"
            f"def deed(_):\n    {deed}\n"
            "apart.load_booster = deed\n"
            f"apart.SECONDS = {apart.SECONDS}; apart.main(*map(int, sys.argv[1:]))\n"
        )
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(apart, "own_program", lambda _, *arguments: [sys.executable, "-c", text, *arguments])

    return take_over


@pytest.mark.parametrize(
    ("deed", "end"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"\(SIGSEGV\)"),
        ("return bytearray(8 * 2**30)", r"\(exit code 1\)"),
        ("open('planted', 'wb').write(bytes(100_000))", r"\(exit code 1\)"),
        ("sys.stdout.buffer.write(bytes(100_000)); sys.stdout.flush(); os._exit(0)", r"\(exit code 1\)"),
        ("os._exit(0)", "gave no probability for each of 40 rows"),
        ("sys.stdout.buffer.write(b'\\xff' * 160); sys.stdout.flush(); os._exit(0)", "gave no probability"),
        (
            "os._exit(9 * (resource.getrlimit(resource.RLIMIT_NPROC) == (0, 0) and 'SECRET' not in os.environ))",
            r"\(exit code 9\)",
        ),
    ],
)
def test_a_model_that_takes_over_its_process_harms_nothing_else(
    taken_over: Callable[[str], None], deed: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "x")
    taken_over(deed)
    with pytest.raises(InputError, match=end):
        apart.score_apart(MODEL, ROWS)
    planted = Path("planted")
    assert not planted.exists() or planted.stat().st_size <= apart.BYTES_A_SCORE * len(ROWS)


def test_a_model_that_takes_for_ever_is_ended(
    taken_over: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "SECONDS", 2)
    taken_over("time.sleep(600)")
    with pytest.raises(InputError, match="wasn't scored within 2 seconds"):
        apart.score_apart(MODEL, ROWS)


def test_the_process_is_gone_before_the_training_goes_on(tmp_path: Path, taken_over: Callable[[str], None]) -> None:
    taken_over(f"open({str(tmp_path / 'who')!r}, 'w').write(str(os.getpid())); sys.exit(3)")
    with pytest.raises(InputError, match="exit code 3"):
        apart.score_apart(MODEL, ROWS)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "who").read_text()), 0)
