"""Stand-ins for the base images, which no package registry brings: Debian roots from this machine's own apt sources.

They are Debian's Python 3.11, not the upstream image `python:3.11-slim-bookworm`: their layers, their digest and their
known vulnerabilities differ from production's.
"""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from images.build import EPOCH
from images.commands import expect, run
from images.engine import Engine

SUITE = "bookworm"
UPSTREAMS_PIP = (
    "set -e; python3 -m venv /tmp/pip; cd /usr/local/lib; rm -rf python3.11; mkdir python3.11; cd python3.11;"
    " mv /tmp/pip/lib/python3.11/site-packages .; ln -s site-packages dist-packages;"
    " mv /tmp/pip/bin/pip /usr/local/bin; rm -r /tmp/pip"
)
"""Puts pip where upstream has it, in Debian's sight: the build uses it, and the images must do without it."""
STAND_INS = {
    "localhost/stand-in-base": (
        "--include=ca-certificates,python3,python3-venv",
        f"--customize-hook=chroot \"$1\" sh -c '{UPSTREAMS_PIP}'",
    ),
    "localhost/stand-in-compiler": ("--include=python3,gcc,libc6-dev",),
}
BASE, COMPILER = STAND_INS
OPTIONS = (
    *("--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io"),  # a root that was half made is thrown away
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "info", "locale", "man")),
)
"""Without what upstream's slim images leave out too."""
CACHE_SECONDS = 31 * 86_400


def import_stand_ins(engine: Engine) -> None:
    """Put both stand-ins into the engine's storage; their root file systems are cached for a month.

    Raises:
        ImageError: this machine isn't Debian 12, or a package can't be had.
    """
    with ThreadPoolExecutor() as pool:
        archives = dict(zip(STAND_INS, pool.map(_archive, STAND_INS.values()), strict=True))
    for name, archive in archives.items():
        engine("podman", "import", "--quiet", "--change", 'CMD ["python3"]', archive, f"{name}:{SUITE}")


def _archive(chosen: tuple[str, ...]) -> Path:
    sources = _sources()
    made_of = [OPTIONS, chosen, time.strftime("%Y-%m"), [file.read_text() for file in sources]]
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atoll" / "bases"
    archive = folder / f"{key}.tar"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.tar"):
            if time.time() - old.stat().st_ctime > CACHE_SECONDS:
                old.unlink(missing_ok=True)
        made = archive.with_suffix(f".{os.getpid()}.tar")
        run(["mmdebstrap", *OPTIONS, *chosen, SUITE, made, *sources])
        os.utime(made, (int(EPOCH), int(EPOCH)))  # the import's date stands in the image, so in its digest
        made.replace(archive)
    return archive


def _sources() -> list[Path]:
    """Return apt's own lists of sources: a mirror's address stands on the machine, not in this project."""
    apt = Path("/etc/apt")
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    found = [file for file in files if file.is_file() and SUITE in file.read_text()]
    expect(found, f"No apt source of this machine names {SUITE}; image-test needs Debian 12 to make its base image.")
    return found
