"""A model's archive, unpacked with bounds: plain files, once each, and no more than so many bytes."""

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

from model_code.errors import InputError

ARCHIVE = "model.tar.gz"
MAXIMUM_BYTES = 2**29
"""Of everything that the archive unpacks to."""


def unpack(archive: Path, folder: Path, *, whose: str) -> None:
    """Unpack the regular files of a flat archive into an empty folder, a bounded number of bytes in all.

    Raises:
        InputError: it can't be read, holds anything else, or unpacks to more; the sentence begins with `whose` it is.
    """
    if not archive.is_file():
        raise InputError(f"{whose} holds no {ARCHIVE}; expected the archive of a released model.")
    try:
        with _Bounded(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as members:
            for member in members:
                _write(members, member, folder, whose)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise InputError(f"{whose}'s {ARCHIVE} can't be read: {error}.") from None


class _Bounded(gzip.GzipFile):
    """A stream that ends in an error after so many bytes: tarfile reads long headers whole, whatever they claim."""

    left = MAXIMUM_BYTES

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.left -= len(block)
        if self.left < 0:
            raise InputError(f"The {ARCHIVE} unpacks to more than {MAXIMUM_BYTES:,} bytes.")
        return block


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, whose: str) -> None:
    name = member.name.removeprefix("./")
    if member.isdir() and name in {".", ""}:
        return
    source = members.extractfile(member) if member.isreg() else None
    if source is None or "/" in name or name in {"", ".."} or (folder / name).exists():
        raise InputError(f"{whose}'s {ARCHIVE} holds {member.name[:100]!r}; expected plain files, once each.")
    with (folder / name).open("xb") as target:
        shutil.copyfileobj(source, target)
