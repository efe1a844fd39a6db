"""Opening a model's archive that nobody has vouched for yet. Standard library only.

The archive was written by a training container: a stream of bytes with a name that ends in .tar.gz, until proven
otherwise.
"""

import gzip
import hashlib
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPTIONAL = frozenset({"forest.bin"})  # where the kernel knows the model's kind
_JSON = frozenset({"metrics", "baseline", "card", "features", "golden", "guard", "manifest"})
FILES = frozenset({"model.ubj", *OPTIONAL, *(f"{name}.json" for name in _JSON)})
_NAMES = ", ".join(sorted(FILES))
MAXIMUM_TOTAL_BYTES = 120_000_000  # four times this is what a function has in /tmp
MAXIMUM_JSON_BYTES = 8_000_000
MAXIMUM_DIGITS = 20
_FIELDS = {"model": str, "data_manifest_sha256": str, "code_sha256": str, "hyperparameters": dict, "files": dict}


class ArtifactError(Exception):
    """A model's archive is not what its manifest says, or not what an archive may be."""


@dataclass(frozen=True)
class Artifact:
    """A verified artifact: its unpacked files, its manifest and the manifest's hash, which names it."""

    folder: Path
    manifest_sha256: str
    manifest: dict[str, Any]

    def content(self, name: str) -> bytes:
        """Return a file as it was verified."""
        return (self.folder / name).read_bytes()

    def json(self, name: str) -> Any:  # noqa: ANN401 - whatever the file holds
        """Return a JSON file's value.

        Raises:
            ArtifactError: the file is no JSON.
        """
        return _json(self.content(name), name)


def open_artifact(archive: Path, folder: Path) -> Artifact:
    """Unpack an archive into an empty folder and verify each file against manifest.json.

    Raises:
        ArtifactError: names the first thing that is wrong; nothing from the archive may be used then.
    """
    try:
        with _BoundedGzip(archive) as unzipped, tarfile.open(fileobj=unzipped, mode="r|") as members:
            _unpack(members, folder)
            while unzipped.read(1 << 20):  # to the end, where gzip's checksum stands
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OSError) as error:
        raise ArtifactError(f"The archive can't be read: {error}.") from error
    return _verify(folder)


def open_released(archive: Path, folder: Path, manifest_sha256: str) -> Artifact:
    """Open a released archive, whose manifest's hash is known.

    Raises:
        ArtifactError: it is broken, or another one than that of this hash.
    """
    folder.mkdir(parents=True)
    artifact = open_artifact(archive, folder)
    if artifact.manifest_sha256 != manifest_sha256:
        raise ArtifactError(f"The archive released as {manifest_sha256} holds {artifact.manifest_sha256}.")
    return artifact


class _BoundedGzip(gzip.GzipFile):
    """A stream that ends in an error after so many bytes: tarfile reads long headers whole, whatever they claim."""

    def __init__(self, archive: Path) -> None:
        super().__init__(archive)
        self._left = MAXIMUM_TOTAL_BYTES

    def read(self, size: int | None = -1) -> bytes:
        """Read on.

        Raises:
            ArtifactError: the bound is reached.
        """
        block = super().read(size)
        self._left -= len(block)
        if self._left < 0:
            raise ArtifactError(f"The archive unpacks to more than {MAXIMUM_TOTAL_BYTES} bytes.")
        return block


def _unpack(members: tarfile.TarFile, folder: Path) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.name.removeprefix("./")
        if member.isdir() and name in {".", ""} and "." not in seen:
            seen.add(".")
            continue
        if not member.isreg() or name not in FILES or name in seen:
            raise ArtifactError(f"Member {member.name[:100]!r} is not one of the regular files {_NAMES}, once each.")
        seen.add(name)
        if name.endswith(".json") and member.size > MAXIMUM_JSON_BYTES:
            raise ArtifactError(f"{name} has {member.size} bytes, at most {MAXIMUM_JSON_BYTES} are taken.")
        source = members.extractfile(member)
        with (folder / name).open("xb") as target:
            while source and (block := source.read(1 << 20)):
                target.write(block)
    if missing := FILES - OPTIONAL - seen:
        raise ArtifactError(f"The archive lacks {', '.join(sorted(missing))}.")


def _verify(folder: Path) -> Artifact:
    raw = (folder / "manifest.json").read_bytes()
    manifest = _json(raw, "manifest.json")
    if not isinstance(manifest, dict) or json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode() != raw:
        raise ArtifactError("manifest.json is no object in canonical JSON (sorted keys, compact separators, ASCII).")
    for field, kind in _FIELDS.items():
        if not isinstance(manifest.get(field), kind):
            raise ArtifactError(f"manifest.json's {field} is {manifest.get(field)!r:.100}, expected {kind.__name__}.")
    if set(manifest["files"]) != {path.name for path in folder.iterdir()} - {"manifest.json"}:
        raise ArtifactError(f"manifest.json lists {sorted(manifest['files'])}, expected every file but itself.")
    with (folder / "model.ubj").open("rb") as model:
        if (start := model.read(2))[:1] != b"{":
            raise ArtifactError(f"model.ubj begins with {start!r}, expected UBJSON's {{: no pickle is ever taken.")
    for name, promised in sorted(manifest["files"].items()):
        found = {"sha256": _sha256(folder / name), "bytes": (folder / name).stat().st_size}
        if found != promised:
            raise ArtifactError(f"{name} is {found}, manifest.json promises {promised}.")
    return _of_objects(Artifact(folder, hashlib.sha256(raw).hexdigest(), manifest))


def _of_objects(artifact: Artifact) -> Artifact:
    for name in ("metrics.json", "card.json"):
        if not isinstance(artifact.json(name), dict):
            raise ArtifactError(f"{name} holds no object; expected one.")
    return artifact


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _whole(digits: str) -> int:
    """Return a whole number that can be compared and shown: Python would make one of thousands of digits."""
    if len(digits) > MAXIMUM_DIGITS:
        raise ValueError(f"a whole number has {len(digits)} digits, at most {MAXIMUM_DIGITS} are taken")
    return int(digits)


def _json(raw: bytes, name: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(raw, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{name} is no JSON: {error}.") from error
