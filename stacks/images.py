"""Which digest an image has: the one in the settings, or locally the hash of the code that it would hold."""

import hashlib
from pathlib import Path
from typing import Literal

from stacks.settings import Images

_ROOT = Path(__file__).resolve().parent.parent
_ROOMS = {"model": "model_code", "serving": "model_code", "mlflow": "mlflow_server"}


def digest(images: Images, name: Literal["model", "serving", "mlflow"]) -> str:
    """Give the digest (`sha256:<64 hex>`) of the image `name`. Locally, training and serving are the same code.

    Raises:
        ValueError: the digests are still pending; nothing that runs an image can be synthesized yet.
    """
    if images.digests == "code":
        return f"sha256:{tree_sha256(_ROOT / _ROOMS[name])}"
    if pinned := getattr(images, name):
        return pinned
    raise ValueError(f'images.digests is "{images.digests}": the image {name!r} has no digest yet')


def tree_sha256(room: Path) -> str:
    """Hash a room's `*.{py,toml,c,h}` files and its requirements*.txt, by the rule of `model_code.version`.

    Path (from the room's parent) and content are each preceded by their length; paths are sorted.
    """
    kinds = ("*.py", "*.toml", "*.[ch]", "requirements*.txt")
    files = {file for kind in kinds for file in room.rglob(kind)}
    found = hashlib.sha256()
    for path, file in sorted((file.relative_to(room.parent).as_posix(), file) for file in files):
        content = file.read_bytes()
        found.update(f"{len(path)} {path} {len(content)} ".encode())
        found.update(content)
    return found.hexdigest()
