"""Reading a model's artifact: every byte is what the manifest says, before any of it is believed.

Nothing here can run code from the artifact: JSON, XGBoost's UBJSON and flat arrays of numbers; no pickle, no
NumPy files.
"""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from model_code.errors import InputError

MANIFEST = "manifest.json"
MODEL = "model.ubj"
FOREST = "forest.bin"
NEEDED = {MODEL, "features.json", "golden.json", "guard.json"}
MAX_OTHER_BYTES = 16 * 2**20


@dataclasses.dataclass(frozen=True)
class Artifact:
    """The verified content of a model folder."""

    manifest: dict[str, Any]
    manifest_sha256: str
    files: dict[str, bytes]

    def json(self, name: str) -> dict[str, Any]:
        """Return one of the files as a JSON object."""
        return _object(name, self.files[name])


def read_artifact(folder: Path, *, expected_manifest_sha256: str | None, max_model_bytes: int) -> Artifact:
    """Return the artifact in `folder` with every file checked against the manifest.

    Raises:
        InputError: another manifest than expected, a file that is missing, unexpected, changed or too large.
    """
    if not (folder / MANIFEST).is_file():
        raise InputError(f"The model folder {folder} has no {MANIFEST}; expected an unpacked model.tar.gz of ours.")
    content = (folder / MANIFEST).read_bytes()
    manifest_sha256 = hashlib.sha256(content).hexdigest()
    if expected_manifest_sha256 is not None and manifest_sha256 != expected_manifest_sha256:
        raise InputError(
            f"The artifact's manifest has sha256 {manifest_sha256} and the release names {expected_manifest_sha256}: "
            "this isn't the released model."
        )
    manifest = _object(MANIFEST, content)
    listed = manifest.get("files")
    if manifest.get("version") != 1 or not isinstance(listed, dict) or not set(listed) >= NEEDED:
        raise InputError(f"{MANIFEST} isn't version 1 of ours with {', '.join(sorted(NEEDED))} among its files.")
    _check_names(folder, set(listed))
    large = {MODEL, FOREST}
    files = {
        name: read_file(folder / name, entry, max_model_bytes if name in large else MAX_OTHER_BYTES)
        for name, entry in listed.items()
    }
    return Artifact(manifest, manifest_sha256, files)


def _check_names(folder: Path, listed: set[str]) -> None:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")} - {MANIFEST}
    for name in sorted(found ^ listed):
        state = "is there and isn't in the manifest" if name in found else "is in the manifest and missing"
        raise InputError(f"{name!r} {state}; expected exactly {', '.join(sorted(listed))}: the artifact was changed.")
    for name in sorted(listed):
        if (folder / name).is_symlink() or not (folder / name).is_file():
            raise InputError(f"{name!r} is no ordinary file; expected one: the artifact was changed.")


def read_file(path: Path, entry: dict[str, Any], limit: int) -> bytes:
    """Return the content of one file of an artifact, which is what its manifest's entry says.

    Raises:
        InputError: it is larger than `limit` bytes, or was changed.
    """
    size = path.stat().st_size
    if size > limit:
        raise InputError(
            f"{path.name} has {size:,} bytes and this endpoint loads at most {limit:,}; "
            "train a smaller model (fewer or shallower trees) or raise the limit in the settings."
        )
    content = path.read_bytes()
    actual = hashlib.sha256(content).hexdigest()
    if actual != entry.get("sha256"):
        raise InputError(
            f"{path.name} has sha256 {actual} and the manifest says {entry.get('sha256')}: it was changed."
        )
    return content


def _object(name: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise InputError(f"{name} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{name} holds no JSON object; expected one.")
    return value
