"""Which code is this? One hash over everything that the tracking server's image would hold of this room."""

import hashlib
from pathlib import Path

_ROOM = Path(__file__).resolve().parent


def code_sha256() -> str:
    """The sha256 (64 hex) over the paths and contents of `mlflow_server/**/*.py` and its requirements.

    Paths are relative to the room's parent and sorted; path and content are preceded by their lengths. The image's
    digest, where the code runs without an image.
    """
    files = sorted((*_ROOM.rglob("*.py"), _ROOM / "requirements.txt"))
    digest = hashlib.sha256()
    for file in files:
        name, content = file.relative_to(_ROOM.parent).as_posix(), file.read_bytes()
        digest.update(f"{len(name)} {name} {len(content)} ".encode() + content)
    return digest.hexdigest()
