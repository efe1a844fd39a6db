"""Which code is this? One hash over everything that the model image would hold of this room, one over its features."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

_ROOM = Path(__file__).resolve().parent


def code_sha256() -> str:
    """The sha256 (64 hex) over the paths and contents of `model_code/**/*.{py,toml,c,h}` and both requirements.

    Paths are relative to the room's parent and sorted. Path and content are preceded by their lengths,
    so no two different trees read the same.
    """
    return _sha256("", ("*.py", "*.toml", "*.[ch]", "requirements*.txt"))


def features_sha256() -> str:
    """The same over `model_code/features/**/*.py`: what turns a ledger into features, at training and for a request."""
    return _sha256("features", ("*.py",))


def _sha256(folder: str, kinds: Sequence[str]) -> str:
    files = {file for kind in kinds for file in (_ROOM / folder).rglob(kind)}
    digest = hashlib.sha256()
    for path, file in sorted((file.relative_to(_ROOM.parent).as_posix(), file) for file in files):
        content = file.read_bytes()
        digest.update(f"{len(path)} {path} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()
