"""A state's folder on one machine: one scoring at a time, and whatever ends one, the state before it stays or is left.

Beside the folder lie for the time of a scoring `.<name>-lock`, `.<name>-after` (what is being written) and, for the
moment of the swap, `.<name>-before`.
"""

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.ready import States
from model_code.etl.state import is_state


@contextmanager
def kept_states(named: Path | None) -> Generator[States | None]:
    """The state that is read, and a folder beside it that takes its place once all results are written.

    Raises:
        InputError: the folder can't be one of a state, or another scoring uses it; or the disk refuses a step, and
            then the state is the one from before.
    """
    if named is None:
        yield None
        return
    folder = named.resolve()
    _expect_own_folder(named, folder)
    with _sentences(named):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(named, folder):
        after = _beside(folder, "after")
        with _sentences(named):
            _restore(named, folder)
            after.mkdir(mode=0o700)
        try:
            yield States(folder, after)
            with _sentences(named):
                _swap(folder, after)
        finally:
            _restore(named, folder)


@contextmanager
def _sentences(named: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"STATE is {named}, and the disk refuses what a scoring must do beside it ({error}). The state is as it "
            "was: make room, or see that its folder's folder may be written to, and score again."
        ) from error


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}-{what}")


def _expect_own_folder(named: Path, folder: Path) -> None:
    here = Path.cwd().resolve()
    if folder == here or folder in here.parents or os.path.ismount(folder):
        raise InputError(
            f"STATE is {named}, which can't be replaced as a whole (it is where you stand, or a disk's own): name a "
            "folder in it."
        )
    if folder.exists() and not is_state(folder):
        raise InputError(f"STATE is {named}, which holds other things than a state: name a folder of its own.")


@contextmanager
def _locked(named: Path, folder: Path) -> Generator[None]:
    path = _beside(folder, "lock")
    with _sentences(named):
        opened = path.open("w")
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have ended, and taken the file away, since it was opened.
            mine = os.path.samestat(os.fstat(lock.fileno()), path.stat())
        except (BlockingIOError, FileNotFoundError):
            mine = False
        if not mine:
            raise InputError(f"STATE is {named}, and another scoring uses it: wait until that has ended.")
        try:
            yield
        finally:
            path.unlink()


def _swap(folder: Path, after: Path) -> None:
    """Put the new state in the old one's place: between the two renames `.<name>-before` is the state."""
    if folder.exists():
        folder.rename(_beside(folder, "before"))
    after.rename(folder)


def _restore(named: Path, folder: Path) -> None:
    """Clear away what a scoring left; where it ended between the two renames, the state from before comes back."""
    before, after = _beside(folder, "before"), _beside(folder, "after")
    for left in (before, after):
        if left.exists() and not is_state(left):
            raise InputError(f"STATE is {named}, and {left} beside it is no scoring's: move it elsewhere.")
    if before.exists() and not folder.exists():
        before.rename(folder)
    for left in (before, after):
        shutil.rmtree(left, ignore_errors=True)
