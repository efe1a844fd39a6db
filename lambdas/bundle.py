"""Build what the functions run, our code and hashed wheels, in build/lambdas: `python -m lambdas.bundle [local] [aws]`.

The local AWS runs functions on this machine, so its bundles have this machine's wheels. AWS's have those of Lambda's.
Per machine there is one bundle a room: `release`, whose functions talk to MLflow, and `monitoring`, whose never do.
"""

import argparse
import csv
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from provision import InstallError
from provision.installer import fill

ROOT = Path(__file__).parent.parent
CODE = ROOT / "lambdas"
BUNDLES = ROOT / "build" / "lambdas"
PYTHON = "3.12"  # of the functions in AWS; a test holds it to their runtime
PLATFORMS = {  # a machine's name -> uv's options for its wheels
    "local": (),
    "aws": ("--python-platform", "x86_64-manylinux2014", "--python-version", PYTHON),
}
ROOMS = {"release": "requirements.txt", "monitoring": "requirements-monitoring.txt"}
PRUNED = (
    "__pycache__",
    "tests",
    "test",
    "bin",
    "*.pyi",
    "direct_url.json",
    "RECORD",
    "REQUESTED",
    "INSTALLER",
    ".lock",
)
UNUSED = (  # what mlflow-skinny asks for and its client of a tracking server never imports; a test imports it without
    "cffi", "cryptography", "gitdb", "gitpython", "google_auth", "h11", "pyasn1", "pyasn1_modules", "pycparser",
    "python_dotenv", "smmap", "uvicorn",
    "botocore", "python_dateutil", "six",  # what X-Ray's SDK asks for and the runtime has, beside its boto3
)  # fmt: skip
MAXIMUM_BYTES = 120_000_000


class BundleError(Exception):
    """The bundle can't be built."""


def requirements(room: str) -> Path:
    """Return the hashed requirements of a room's functions."""
    return CODE / ROOMS[room]


def sources() -> list[Path]:
    """Return our own files in the bundle, sorted."""
    return sorted(path for path in CODE.rglob("*.py") if path != Path(__file__))


def stamp(target: Path) -> str:
    """Return the sha256 of everything that the bundle in `<machine>/<room>` is made of."""
    made_by = (PLATFORMS[target.parent.name], target.name, sys.version_info[:2])
    digest = hashlib.sha256(repr(made_by).encode())
    for path in [Path(__file__), requirements(target.name), *sources()]:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def is_current(target: Path) -> bool:
    """Say whether the bundle in `target` is there, and made of what its sources are now."""
    kept = target.with_suffix(".stamp")
    return target.is_dir() and kept.is_file() and kept.read_text() == stamp(target)


def install(target: Path, platform: tuple[str, ...], asked: Path) -> None:
    """Install the hashed wheels for a platform into `target`, without what differs from one build to the next.

    Raises:
        BundleError: a wheel can't be had, or isn't the one that was locked.
    """
    try:
        fill(target, asked, platform)
    except InstallError as error:
        raise BundleError(str(error)) from None
    for name in UNUSED:
        remove(target, name)
    for pattern in PRUNED:
        for path in sorted(target.rglob(pattern), reverse=True):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in sorted(target.rglob("*/"), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def remove(target: Path, distribution: str) -> None:
    """Remove a distribution's files, as its RECORD lists them, where it is installed."""
    for record in target.glob(f"{distribution}-*.dist-info/RECORD"):
        for name, *_ in list(csv.reader(record.read_text().splitlines())):
            (target / name).unlink(missing_ok=True)
        shutil.rmtree(record.parent)


def compile_ahead(target: Path) -> None:
    """Write byte code beside the sources: a function's folder is read-only, so it would compile at every cold start.

    Left out where this Python is not the one of the functions. The files hold no times and no paths of this machine.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-s", str(target), "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(target)], env=os.environ | {"PYTHONHASHSEED": "0"}, check=True)


def build(target: Path, machine: str, room: str) -> None:
    """Build a bundle in a new folder `target`.

    Raises:
        BundleError: a wheel can't be had, or the bundle is too large for a function.
    """
    install(target, PLATFORMS[machine], requirements(room))
    for path in sources():
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if machine == "local" or "{}.{}".format(*sys.version_info) == PYTHON:
        compile_ahead(target)
    if (size := bundle_bytes(target)) > MAXIMUM_BYTES:
        raise BundleError(f"The bundle has {size} bytes, at most {MAXIMUM_BYTES} fit; look for a new large dependency.")


def bundle_bytes(target: Path) -> int:
    """Return the size of a bundle's files."""
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def bundle(target: Path) -> bool:
    """Bring the bundle in `target`, which ends in `<machine>/<room>`, up to date; False when it was already.

    It's built beside and moved in place, so that a broken build leaves none behind.
    """
    if is_current(target):
        return False
    fresh, kept = target.with_suffix(".new"), target.with_suffix(".stamp")
    for folder in (fresh, target):
        shutil.rmtree(folder, ignore_errors=True)
    kept.unlink(missing_ok=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    build(fresh, target.parent.name, target.name)
    fresh.rename(target)
    kept.write_text(stamp(target))
    return True


def main() -> None:
    """Build the bundles of the named machines, or all; end with one sentence and status 1 when one can't be built."""
    parser = argparse.ArgumentParser(prog="python -m lambdas.bundle", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="machine", help=f"any of {', '.join(PLATFORMS)}; none means all")
    names = parser.parse_args().names or list(PLATFORMS)
    if unknown := set(names) - set(PLATFORMS):
        parser.error(f"unknown machine {sorted(unknown)}; expected {', '.join(PLATFORMS)}")
    for target in [BUNDLES / name / room for name in names for room in ROOMS]:
        try:
            built = bundle(target)
        except BundleError as error:
            raise SystemExit(f"atoll: {error}") from error
        name, size = f"{target.parent.name}/{target.name}", bundle_bytes(target) / 1e6
        print(f"Lambda bundle {name}: {size:.0f} MB, {'built' if built else 'up to date'}")  # noqa: T201


if __name__ == "__main__":
    main()
