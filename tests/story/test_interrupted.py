"""A story that is ended from outside, or can't begin, leaves nothing behind and says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.patience import PATIENCE
from tests.story.telling import COMMAND, LOCAL, RECORD, ROOT, processes_of, recorded, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.story, pytest.mark.timeout(600)]


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something to become true; fail when it does not in time."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, (recorded(), processes_of(LOCAL))
        time.sleep(0.1)


def interrupt_at(step: str, send: Callable[[int], None]) -> tuple[int, str]:
    """Tell a story, send a signal to it a moment after a step began; its exit code and output."""
    RECORD.unlink(missing_ok=True)
    process = subprocess.Popen(
        COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        wait_until(lambda: step in recorded() or process.poll() is not None)
        time.sleep(1)
        send(process.pid)
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
    return process.returncode, output


@pytest.mark.share(1)
@pytest.mark.parametrize(
    ("step", "send", "code"),
    [
        ("synthesize", lambda pid: os.killpg(pid, signal.SIGINT), 130),
        ("deploy", lambda pid: os.kill(pid, signal.SIGTERM), 143),
        ("train", lambda pid: os.killpg(pid, signal.SIGHUP), 129),
    ],
)
def test_an_interrupted_story_leaves_no_process_behind(step: str, send: Callable[[int], None], code: int) -> None:
    returned, output = interrupt_at(step, send)

    assert returned == code, output
    assert "Traceback" not in output
    assert recorded()[step]["status"] == "interrupted"
    assert processes_of(LOCAL) == []


def test_while_a_story_is_told_others_are_refused_and_once_it_is_killed_its_children_end_by_themselves() -> None:
    others: list[subprocess.CompletedProcess[str]] = []

    def kill(pid: int) -> None:
        others.extend([run(), run("--keep"), run("--down")])
        os.kill(pid, signal.SIGKILL)

    returned, _ = interrupt_at("bootstrap", kill)

    assert returned == -signal.SIGKILL
    for other in others:
        assert (other.returncode, other.stdout.count("\n")) == (2, 1)
        assert "Another `make story` or `make story-down` works in" in other.stdout
    wait_until(lambda: processes_of(LOCAL) == [])
    assert "No local AWS runs" in run("--down").stdout


def test_a_ledger_that_can_not_be_used_ends_the_story_at_once_with_a_sentence(tmp_path: Path) -> None:
    ledger = tmp_path / "colours.csv"
    ledger.write_text("colour,shape\nred,[round]\n")

    done = run("--ledger", str(ledger))

    assert done.returncode == 2
    assert "No known mapping fits the ledger's columns: toronto.toml misses " in done.stdout
    assert "Traceback" not in done.stdout
    assert not RECORD.exists()
    assert processes_of(LOCAL) == []
