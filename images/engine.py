"""podman and buildah without a daemon, with a storage of their own that is gone afterwards."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from images.commands import run

STORAGE = """\
[storage]
driver = "overlay"
runroot = "{folder}/run"
graphroot = "{folder}/storage"
"""
CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
"""
"""Limits below the defaults: raising a limit needs CAP_SYS_RESOURCE, which CI's machines may lack."""


class Engine:
    """Runs podman, buildah and skopeo on the storage below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "BUILDAH_RUNTIME": "runc",
            "TMPDIR": str(folder / "temporary"),
        }
        (folder / "temporary").mkdir(exist_ok=True)
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder))
        (folder / "containers.conf").write_text(CONTAINERS)

    def __call__(self, *argv: str | Path, timeout: float = 600) -> str:
        """Run a program on this storage and return its output.

        Raises:
            ImageError: it failed.
        """
        return run(argv, env=self.env, folder=self.folder, timeout=timeout)

    def start(self, *argv: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program on this storage whatever its exit code; that and both outputs are the result."""
        return subprocess.run(
            [str(each) for each in argv],
            cwd=self.folder,  # a container that is killed for its memory leaves a file `oom` there
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@contextlib.contextmanager
def temporary_engine() -> Generator[Engine]:
    """Give an engine; its containers and images are removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="atoll-", dir="/var/tmp"))
    engine = Engine(folder)
    try:
        yield engine
    finally:
        engine.start("podman", "rm", "--all", "--force", "--time", "0")
        for place in reversed(_mounted_below(folder)):  # a build that was interrupted leaves mounts
            engine.start("umount", place)
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove the folder; a container's last helper may still write into it for a moment."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)
    sys.stderr.write(f"{folder} could not be removed whole; remove it by hand.\n")


def _mounted_below(folder: Path) -> list[str]:
    places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [place for place in places if place.startswith(f"{folder}/")]
