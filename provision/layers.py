"""What is installed for what: the story's packages, a check's, the tools' or all; locks under one constraint set.

A layer that is in .venv stays there when another is asked for. Each leaves a stamp for make to compare with its lock.
"""

import os
import sys

from provision.installer import HERE, PYTHON, ROOT, VENV, sync

LAYERS = {
    "story": "requirements-story.txt",
    "check": "requirements-check.txt",
    "tools": "requirements-tools.txt",
    "all": "requirements-dev.txt",
}
_HOLDS = {"story": ("story",), "check": ("story", "check"), "tools": ("story", "tools"), "all": tuple(LAYERS)}
_STAMPS = {name: VENV / ".ready" if name == "all" else VENV / f".ready-{name}" for name in LAYERS}


def is_in_place(layer: str) -> bool:
    """Say whether .venv holds a layer as it is locked, by the times of the files, as make does."""
    locks = (ROOT / LAYERS[layer], HERE / "uv.txt", HERE / "build.txt")
    stamp = _STAMPS[layer]
    return stamp.exists() and all(path.stat().st_mtime <= stamp.stat().st_mtime for path in locks)


def install(asked: str) -> None:
    """Bring .venv to the layer that is asked for and those that it holds already.

    Raises:
        InstallError: a package can't be had, or isn't the one that was locked.
    """
    present = {name for name, stamp in _STAMPS.items() if stamp.exists()}
    wanted = {part for name in present | {asked} for part in _HOLDS[name]}
    for name in present:
        os.utime(_STAMPS[name], (0, 0))  # stale until the install is complete, but not forgotten
    sys.stderr.write(f"Installing the packages of the layer '{asked}', as they are locked\n")
    if "all" in wanted:
        sys.stderr.write("PySpark among them comes as a source of 434 MB and is built here: it takes a minute or two\n")
    sync(PYTHON, [ROOT / LAYERS[name] for name in (["all"] if "all" in wanted else sorted(wanted))])
    for name in wanted:
        _STAMPS[name].touch()
