"""Build what the functions run, our code and hashed wheels, in build/lambdas/runtime: `python -m lambdas.bundle`."""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
TARGET = ROOT / "build" / "lambdas" / "runtime"
PRUNED = ("__pycache__", "tests", "test", "bin", "*.pyi", "direct_url.json", "RECORD", "REQUESTED", "INSTALLER")
MAXIMUM_BYTES = 120_000_000


class BundleError(Exception):
    """The bundle can't be built."""


def sources() -> list[Path]:
    """Return our own files in the bundle, sorted."""
    return sorted(path for path in (ROOT / "lambdas").rglob("*.py") if path != Path(__file__))


def stamp(platform: list[str]) -> str:
    """Return the sha256 of everything that the bundle is made of."""
    digest = hashlib.sha256(repr((platform, sys.version_info[:2], PRUNED)).encode())
    for path in [Path(__file__), REQUIREMENTS, *sources()]:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def build(target: Path, platform: list[str]) -> None:
    """Build a bundle in a new folder `target`; `platform` holds pip's options for another machine's wheels.

    Raises:
        BundleError: pip failed, or the bundle is too large for a function.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    asked = ["--require-hashes", "--requirement", str(REQUIREMENTS), "--target", str(target), *platform]
    if subprocess.run([*pip, *asked], check=False).returncode:
        raise BundleError(f"pip could not install {REQUIREMENTS.name}; its own words are above.")
    for pattern in PRUNED:
        for path in sorted(target.rglob(pattern), reverse=True):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in sources():
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if (size := bundle_bytes(target)) > MAXIMUM_BYTES:
        raise BundleError(f"The bundle has {size} bytes, at most {MAXIMUM_BYTES} fit; look for a new large dependency.")


def bundle_bytes(target: Path) -> int:
    """Return the size of a bundle's files."""
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def bundle(target: Path, platform: list[str]) -> bool:
    """Bring a bundle up to date; False when it was already.

    It's built beside and moved in place, so that a broken build leaves none behind.
    """
    wanted, kept = stamp(platform), target.with_suffix(".stamp")
    if target.is_dir() and kept.is_file() and kept.read_text() == wanted:
        return False
    fresh = target.with_suffix(".new")
    for folder in (fresh, target):
        shutil.rmtree(folder, ignore_errors=True)
    kept.unlink(missing_ok=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    build(fresh, platform)
    fresh.rename(target)
    kept.write_text(wanted)
    return True


def main() -> None:
    """Build for this machine, or for the one named by the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", help="a wheel platform, such as manylinux2014_x86_64")
    parser.add_argument("--python-version", default="3.12", help="with --platform: the function's Python")
    options = parser.parse_args()
    other = ["--platform", options.platform, "--python-version", options.python_version, "--only-binary", ":all:"]
    built = bundle(TARGET, other if options.platform else [])
    size = bundle_bytes(TARGET) / 1e6
    print(f"Lambda bundle: {TARGET.relative_to(ROOT)}, {size:.0f} MB, {'built' if built else 'up to date'}")  # noqa: T201


if __name__ == "__main__":
    main()
