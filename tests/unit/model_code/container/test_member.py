"""The parent of a host's training: whatever becomes of the child, a sentence is left and no process."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model_code.container.member import MARK, is_member, run_member
from model_code.errors import InputError
from model_code.training.cluster import Cluster, ClusterError
from tests.patience import PATIENCE

CLUSTER = Cluster(["algo-1", "algo-2"], 1)


def child_that(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a shell script in the interpreter's place."""
    program = folder / "child"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))


def test_a_child_that_ends_well_leaves_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child_that(tmp_path, monkeypatch, f'echo "$@ {MARK}=${MARK}" > {tmp_path}/seen')
    run_member(CLUSTER, tmp_path)
    assert (tmp_path / "seen").read_text() == f"-m model_code.container train {MARK}=1\n"


def test_the_childs_own_sentence_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "output").mkdir()
    child_that(tmp_path, monkeypatch, f"printf 'train.parquet is empty.' > {tmp_path}/output/failure; exit 1")
    with pytest.raises(InputError, match=r"^train\.parquet is empty\.$"):
        run_member(CLUSTER, tmp_path)


@pytest.mark.parametrize(("script", "how"), [("kill -9 $$", "signal SIGKILL"), ("exit 255", "exit code 255")])
def test_a_child_that_was_ended_without_a_word_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, how: str
) -> None:
    child_that(tmp_path, monkeypatch, script)
    with pytest.raises(ClusterError) as refusal:
        run_member(CLUSTER, tmp_path)
    assert f"host algo-2 was ended ({how}) without a word" in str(refusal.value)
    assert "algo-1, algo-2 was lost" in str(refusal.value)


def test_a_sentence_of_an_earlier_run_is_not_taken_for_this_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output/failure").write_text("yesterday's")
    child_that(tmp_path, monkeypatch, "exit 3")
    with pytest.raises(ClusterError, match="exit code 3"):
        run_member(CLUSTER, tmp_path)


def test_only_a_marked_process_is_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK, raising=False)
    assert not is_member()
    monkeypatch.setenv(MARK, "0")
    assert not is_member()


@pytest.mark.long
def test_a_member_ends_when_its_parent_does() -> None:
    """The parent's death, however sudden, closes the pipe that it holds."""
    program = "import time; from model_code.container.member import is_member; assert is_member(); time.sleep(900)"
    with subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {MARK: "1"}, stdin=subprocess.PIPE
    ) as member:
        assert member.stdin
        time.sleep(0.2)
        assert member.poll() is None
        member.stdin.close()
        assert member.wait(PATIENCE) == 1
