"""Unpacks an archive into a folder and nowhere else."""

import shutil
import tarfile
from pathlib import Path


def extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack files and folders into `folder`; a leading slash is dropped.

    Tarfile's own filter for this came with Python 3.11.4, and Debian 12 has 3.11.2.

    Raises:
        tarfile.ExtractError: an entry leads out of the folder, or is a link or a special file.
    """
    inside = folder.resolve()
    for entry in archive:
        target = (inside / entry.name.lstrip("/")).resolve()
        if not target.is_relative_to(inside):
            raise tarfile.ExtractError(f"{entry.name!r} leads out of the folder")
        if entry.isdir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        content = archive.extractfile(entry) if entry.isfile() else None
        if content is None:
            raise tarfile.ExtractError(f"{entry.name!r} is neither a file nor a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, target.open("wb") as file:
            shutil.copyfileobj(content, file)
