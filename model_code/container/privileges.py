"""Root, and no longer than needed.

SageMaker starts hosting containers as root and mounts /opt/ml for root; a fixed `USER` fails there. So the entry point
opens what the job needs to uid 1000 and then becomes it. On Fargate or EKS the image starts as uid 1000 at once and
this does nothing.
"""

import os
from pathlib import Path

UID = 1000
_PROCESSING = ("processing/output", "output"), ("config", "processing/input")
WRITES = {"train": ("model", "output"), "etl": _PROCESSING[0], "score": _PROCESSING[0]}
READS = {"train": ("input",), "etl": _PROCESSING[1], "score": _PROCESSING[1]}


def drop_root(command: str, root: Path) -> None:
    """Hand `root`'s outputs to uid 1000, let it read the inputs, then become it for good."""
    for name in WRITES.get(command, ()):
        (root / name).mkdir(parents=True, exist_ok=True)
        for path in _tree(root / name):
            os.chown(path, UID, UID)
    for name in READS.get(command, ()):
        for path in _tree(root / name):
            mode = path.stat().st_mode
            readable = mode | (0o055 if path.is_dir() else 0o044)
            if mode != readable:  # a mount may be read-only, and its files open already
                path.chmod(readable)
    os.setgroups([])
    os.setgid(UID)
    os.setuid(UID)


def _tree(folder: Path) -> list[Path]:
    """Return the folder and all below it without symbolic links, which could point anywhere."""
    return [path for path in [folder, *folder.rglob("*")] if path.exists() and not path.is_symlink()]
