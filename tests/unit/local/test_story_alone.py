"""Two stories in one checkout: the second is refused with a sentence, and a dead one is in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.story import __main__ as command
from local.story import alone

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).resolve().parents[3]
HOLD = """
import sys, time
from pathlib import Path
from local import supervise
from local.story.alone import alone
folder = Path(sys.argv[1])
with alone(folder / "story.lock"):
    kept = supervise.start(["sleep", "60"], environment={}, log=folder / "log", outlive_parent=True)
    print("held", kept.pid, flush=True)
    sys.stdin.read()
print("freed", flush=True)
sys.stdin.close()
time.sleep(60)
"""


@contextmanager
def holder(folder: Path) -> Generator[tuple[subprocess.Popen[str], int]]:
    """Another process that tells a story in `folder`, and the id of one that it leaves running, as KEEP=1 does."""
    argv = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        held, kept = process.stdout.readline().split()
        assert held == "held"
        yield process, int(kept)
        process.kill()
        os.kill(int(kept), signal.SIGTERM)


@pytest.mark.parametrize("arguments", [[], ["--keep"], ["--down"]])
def test_a_second_command_is_refused_with_a_sentence_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr(alone, "LOCK", tmp_path / "story.lock")
    monkeypatch.setattr(sys, "argv", ["story", *arguments])
    monkeypatch.setattr(command, "bundle", lambda _: pytest.fail("it went on"))

    with holder(tmp_path) as (first, _):
        assert command.main() == 2

    said = capsys.readouterr().err
    assert said.startswith(f"Another `make story` or `make story-down` works in {tmp_path} (process {first.pid}).")
    assert said.count("\n") == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log", "story.lock"]


def test_the_next_story_begins_when_the_first_has_ended(tmp_path: Path) -> None:
    with holder(tmp_path) as (first, _):
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.close()
        assert first.stdout.readline() == "freed\n"
        with alone.alone(tmp_path / "story.lock"):
            assert first.poll() is None


def test_a_killed_story_leaves_no_lock_not_even_with_what_it_kept_running(tmp_path: Path) -> None:
    with holder(tmp_path) as (first, kept):
        first.send_signal(signal.SIGKILL)
        first.wait()
        with alone.alone(tmp_path / "story.lock"):
            os.kill(kept, 0)


def test_a_child_that_is_handed_the_lock_holds_it_until_it_ends(tmp_path: Path) -> None:
    lock = tmp_path / "story.lock"
    with alone.alone(lock) as held:
        child = subprocess.Popen(["/bin/sleep", "60"], pass_fds=[held])
    try:
        with pytest.raises(alone.AnotherStoryError), alone.alone(lock):
            pass
    finally:
        child.kill()
        child.wait()
    with alone.alone(lock):
        pass


def test_a_story_whose_bundles_fail_ends_there_and_tells_its_child_of_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "LOCK", tmp_path / "build" / "story.lock")
    monkeypatch.setattr(sys, "argv", ["story"])
    room = tmp_path / "lambdas"
    room.mkdir()
    (room / "bundle.py").write_text(
        "import os, sys; open_files = [os.path.realpath(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')]; "
        f"sys.exit(7 if {str(alone.LOCK)!r} in open_files else 1)"
    )
    assert command.main() == 7
