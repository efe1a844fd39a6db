"""Programs that this room runs: podman, buildah, skopeo and what goes with them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "images"
BUILDERS = {
    "podman": "podman",
    "buildah": "buildah",
    "runc": "runc",
    "skopeo": "skopeo",
    "gpg": "gpg",
    "gpg-agent": "gpg-agent",
}
REHEARSAL = {
    "mmdebstrap": "mmdebstrap",
    "docker-registry": "docker-registry",
    "netavark": "netavark",
    "nsenter": "util-linux",
    "curl": "curl",
}
"""Programs and the Debian packages that bring them."""
PLACES = "/usr/sbin:/sbin:/usr/lib/podman"


class ImageError(RuntimeError):
    """An image can't be built, isn't what it should be or can't be pushed; the sentence says what and why."""


def expect(condition: object, sentence: str) -> None:
    """Do nothing if `condition` holds.

    Raises:
        ImageError: it doesn't; `sentence` says what was found and what was expected.
    """
    if not condition:
        raise ImageError(sentence)


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout: float = 600,
) -> str:
    """Run a program, in `folder` if given, and return its output.

    Raises:
        ImageError: there is no such program, it failed (the message ends with its last lines) or took longer than
            `timeout` seconds.
    """
    try:
        done = subprocess.run(
            [str(each) for each in argv],
            cwd=folder,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise ImageError(f"There is no program {argv[0]} on PATH. Call this by make, which sets PATH.") from None
    except subprocess.TimeoutExpired:
        raise ImageError(f"{argv[0]} {argv[1]} took longer than {timeout:.0f} s") from None
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise ImageError(f"{argv[0]} {argv[1]} ended with {done.returncode}:\n{last}")
    return done.stdout


def missing(programs: Mapping[str, str]) -> list[str]:
    """Return the Debian packages of those programs that aren't here."""
    path = f"{os.environ.get('PATH', '')}:{PLACES}"
    return sorted({package for program, package in programs.items() if not shutil.which(program, path=path)})


def install(programs: Mapping[str, str]) -> list[str]:
    """Install the packages of those programs that aren't here, as root on Debian; return what was installed.

    Raises:
        ImageError: this isn't root on Debian, or a package can't be had.
    """
    packages = missing(programs)
    if not packages:
        return []
    expect(
        os.geteuid() == 0 and shutil.which("apt-get"),
        f"These packages are missing: {' '.join(packages)}. Install them, or run this as root on Debian.",
    )
    sys.stdout.write(f"Installing {' '.join(packages)}\n")
    run(["apt-get", "update", "-qq"])
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=quiet)
    left = missing(programs)
    expect(
        not left, f"apt-get installed {' '.join(packages)}, and still missing is what {' '.join(left)} should bring."
    )
    return packages
