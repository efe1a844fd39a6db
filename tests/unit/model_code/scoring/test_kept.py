"""Whatever ends a scoring, and whoever scores beside it: the state before is there, or the state after."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model_code.errors import InputError
from model_code.etl.state import MANIFEST
from model_code.scoring import kept
from model_code.scoring.kept import kept_states

KILLED = """
import os, signal, sys
from pathlib import Path
from model_code.scoring.kept import kept_states
rename = Path.rename
def killed(path, target):
    if path.name == ".state-after":
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = killed
with kept_states(Path(sys.argv[1])) as states:
    (states.after / "manifest.json").write_text("after")
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / MANIFEST).write_text("before")
    return folder


def scored(state: Path) -> None:
    """A scoring by a state, as far as its folder goes."""
    with kept_states(state) as states:
        assert states
        (states.after / MANIFEST).write_text("after")


def left(state: Path) -> dict[str, str]:
    """What stands beside a state, and what it says."""
    return {path.name: (path / MANIFEST).read_text() if path.is_dir() else "" for path in state.parent.iterdir()}


def test_the_state_after_takes_the_place_of_the_one_before(state: Path) -> None:
    with kept_states(state) as states:
        assert states
        assert (states.before / MANIFEST).read_text() == "before"
        (states.after / MANIFEST).write_text("after")
        assert not states.after.stat().st_mode & 0o077
    assert left(state) == {"state": "after"}


@pytest.mark.parametrize("at", [".state-before", "state"])
@pytest.mark.parametrize(
    ("what", "told", "words"),
    [
        (KeyboardInterrupt("by hand"), KeyboardInterrupt, "by hand"),
        (OSError(28, "No space left on device"), InputError, "No space left on device.*The state is as it was: make"),
    ],
)
def test_an_interrupt_or_a_full_disk_in_the_swap_leaves_the_state_before(
    what: BaseException, told: type[BaseException], words: str, at: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, broken = Path.rename, []

    def breaks(path: Path, target: Path) -> Path:
        if target.name == at and not broken:
            broken.append(target)
            raise what
        return rename(path, target)

    monkeypatch.setattr(kept.Path, "rename", breaks)
    with pytest.raises(told, match=words):
        scored(state)
    assert broken
    assert left(state) == {"state": "before"}


def test_a_folder_in_which_nothing_can_be_made_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="the disk refuses what a scoring must do"), kept_states(tmp_path / "file/s"):
        pytest.fail("it began")


def test_after_a_kill_between_the_renames_the_next_start_brings_the_state_back(state: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, state], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not state.exists()
    assert left(state) == {".state-before": "before", ".state-after": "after", ".state-lock": ""}
    with kept_states(state) as states:
        assert states
        assert (states.before / MANIFEST).read_text() == "before"
        (states.after / MANIFEST).write_text("later")
    assert left(state) == {"state": "later"}


def test_a_second_scoring_of_one_state_is_refused_and_the_first_goes_on(state: Path) -> None:
    with kept_states(state) as states:
        assert states
        with pytest.raises(InputError, match="another scoring uses it: wait"), kept_states(state):
            pass
        (states.after / MANIFEST).write_text("after")
    assert left(state) == {"state": "after"}


def test_a_link_stays_a_link_and_all_is_written_beside_what_it_names(state: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere/link"
    link.parent.mkdir()
    link.symlink_to(state)
    with kept_states(link) as states:
        assert states
        assert states.after.parent == state.parent
        (states.after / MANIFEST).write_text("after")
    assert link.is_symlink()
    assert (link / MANIFEST).read_text() == "after"


def test_where_one_stands_and_a_disk_itself_are_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (Path(), Path(".."), Path("/proc")):
        with pytest.raises(InputError, match="which can't be replaced as a whole"), kept_states(folder):
            pass
    assert not list(tmp_path.iterdir())


def test_what_no_scoring_left_beside_a_state_is_not_touched(state: Path) -> None:
    other = state.with_name(".state-after")
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is no scoring's: move it elsewhere"), kept_states(state):
        pass
    assert (other / "mine.txt").exists()
