"""Installs locks as they are: every hash is checked, no dependency is looked up, no version is chosen.

`uv pip sync` removes what a lock doesn't name, so an environment holds its lock and nothing else.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from provision import InstallError, pip_settings
from provision.progress import Progress

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
_AS_LOCKED = ("--require-hashes", "--only-binary", ":all:")
_SOURCES = (  # the one package that comes as a source; what builds it is locked too
    *("--no-binary", "pyspark", "--build-constraints", str(HERE / "build.txt")),
    *("--require-build-hashes", "--preview-features", "build-dependency-hashes"),
)


def sync(python: Path, locks: Sequence[Path]) -> None:
    """Bring the environment of an interpreter to what these locks say together.

    Raises:
        InstallError: a package can't be had, or isn't the one that was locked.
    """
    unfinished = python.parent.parent / ".unfinished"
    # uv takes a package for installed once its METADATA is there, however little else a full disk let through.
    again = ["--reinstall"] if unfinished.exists() else []
    unfinished.touch()
    _uv("pip", "sync", "--python", python, *again, *_AS_LOCKED, *_SOURCES, *locks, of=locks)
    unfinished.unlink()


def make_environment(folder: Path, lock: Path) -> None:
    """Make an environment that holds a lock; one that is there already is brought to it.

    Raises:
        InstallError: a package can't be had, or isn't the one that was locked.
    """
    if not (folder / "bin" / "python").exists():
        _uv("venv", "--quiet", "--clear", "--no-project", "--python", PYTHON, folder, of=[lock])
    sys.stderr.write(f"Installing {lock.name} into {folder.name}\n")
    sync(folder / "bin" / "python", [lock])


def fill(target: Path, lock: Path, platform: Sequence[str] = ()) -> None:
    """Put a lock's packages into a folder that no interpreter owns, for this machine or a platform of uv's options.

    Raises:
        InstallError: a package can't be had, or isn't the one that was locked.
    """
    told = ("--target", target, "--no-deps", "--link-mode", "copy", *platform)
    _uv("pip", "install", "--python", PYTHON, *told, *_AS_LOCKED, "-r", lock, of=[lock])


def _uv(*arguments: str | Path, of: Sequence[Path]) -> None:
    if not UV.exists():
        raise InstallError("There is no .venv/bin/uv, which installs what is locked. Run `make setup` first.")
    settings = pip_settings.ask_pip(PYTHON, os.environ)
    options, environment = pip_settings.for_uv(settings, os.environ)
    command = [str(each) for each in (UV, *arguments, *options, "--color", "never")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr  # noqa: S101 (a pipe was asked for)
        Progress().follow(running.stderr)
    if running.returncode:
        names = ", ".join(str(lock.relative_to(ROOT) if lock.is_relative_to(ROOT) else lock) for lock in of)
        raise InstallError(
            f"uv could not install {names}; its own words are above. It asks the index, and obeys the certificate and"
            " the proxy, that pip is set to (`pip config list`)."
        )
