"""Which code is this? One hash over everything that the model image would hold of this room."""

import hashlib
from pathlib import Path

_ROOM = Path(__file__).resolve().parent


def code_sha256() -> str:
    """The sha256 (64 hex) over the paths and contents of `model_code/**/*.{py,toml,c,h}` and both requirements.

    Paths are relative to the room's parent and sorted. Path and content are preceded by their lengths,
    so no two different trees read the same.
    """
    kinds = ("*.py", "*.toml", "*.[ch]", "requirements*.txt")
    files = {file for kind in kinds for file in _ROOM.rglob(kind)}
    digest = hashlib.sha256()
    for path, file in sorted((file.relative_to(_ROOM.parent).as_posix(), file) for file in files):
        content = file.read_bytes()
        digest.update(f"{len(path)} {path} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()
