"""Stand-ins for the base images, which no package registry brings: Debian roots from this machine's own apt sources.

They are Debian's Python 3.11, not the upstream image `python:3.11-slim-bookworm`: their layers, their digest and their
known vulnerabilities differ from production's.
"""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from images.commands import expect, run
from images.engine import Engine

SUITE = "bookworm"
PACKAGES = {
    "localhost/stand-in-base": ("ca-certificates", "python3", "python3-venv"),
    "localhost/stand-in-compiler": ("ca-certificates", "python3", "python3-venv", "gcc", "libc6-dev"),
}
BASE, COMPILER = PACKAGES


def import_stand_ins(engine: Engine) -> None:
    """Put both stand-ins into the engine's storage; their root file systems are cached for a month.

    Raises:
        ImageError: this machine isn't Debian 12, or a package can't be had.
    """
    with ThreadPoolExecutor() as pool:
        archives = dict(zip(PACKAGES, pool.map(_archive, PACKAGES.values()), strict=True))
    for name, archive in archives.items():
        engine("podman", "import", "--quiet", "--change", 'CMD ["python3"]', archive, f"{name}:{SUITE}")


def _archive(packages: tuple[str, ...]) -> Path:
    sources = _sources()
    key = hashlib.sha256(repr([packages, time.strftime("%Y-%m"), [file.read_text() for file in sources]]).encode())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atoll" / "bases"
    archive = folder / f"{key.hexdigest()[:16]}.tar"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = archive.with_suffix(f".{os.getpid()}.tar")
        chosen = f"--include={','.join(packages)}"
        run(["mmdebstrap", "--quiet", "--variant=minbase", chosen, SUITE, made, *sources])
        made.replace(archive)
    return archive


def _sources() -> list[Path]:
    """Return apt's own lists of sources: a mirror's address stands on the machine, not in this project."""
    apt = Path("/etc/apt")
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    found = [file for file in files if file.is_file() and SUITE in file.read_text()]
    expect(found, f"No apt source of this machine names {SUITE}; image-test needs Debian 12 to make its base image.")
    return found
