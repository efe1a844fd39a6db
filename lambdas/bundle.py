"""Build what the functions run, our code and hashed wheels, in build/lambdas: `python -m lambdas.bundle [local] [aws]`.

The local AWS runs functions on this machine, so its bundle has this machine's wheels. AWS's has those of Lambda's.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
BUNDLES = ROOT / "build" / "lambdas"
PYTHON = "3.12"  # of the functions in AWS; a test holds it to their runtime
PLATFORMS = {  # a bundle's name -> pip's options for the machine that runs it
    "local": (),
    "aws": ("--platform", "manylinux2014_x86_64", "--python-version", PYTHON, "--only-binary", ":all:"),
}
PRUNED = ("__pycache__", "tests", "test", "bin", "*.pyi", "direct_url.json", "RECORD", "REQUESTED", "INSTALLER")
MAXIMUM_BYTES = 120_000_000


class BundleError(Exception):
    """The bundle can't be built."""


def sources() -> list[Path]:
    """Return our own files in the bundle, sorted."""
    return sorted(path for path in (ROOT / "lambdas").rglob("*.py") if path != Path(__file__))


def stamp(name: str) -> str:
    """Return the sha256 of everything that the bundle is made of."""
    digest = hashlib.sha256(repr((PLATFORMS[name], sys.version_info[:2], PRUNED)).encode())
    for path in [Path(__file__), REQUIREMENTS, *sources()]:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def is_current(target: Path) -> bool:
    """Say whether the bundle in `target` is there, and made of what its sources are now."""
    kept = target.with_suffix(".stamp")
    return target.is_dir() and kept.is_file() and kept.read_text() == stamp(target.name)


def install(target: Path, platform: tuple[str, ...]) -> None:
    """Install the hashed wheels for a platform into `target`, without what differs from one build to the next.

    Raises:
        BundleError: pip failed.
    """
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile"]
    asked = ["--require-hashes", "--requirement", str(REQUIREMENTS), "--target", str(target), *platform]
    if subprocess.run([*pip, *asked], check=False).returncode:
        raise BundleError(f"pip could not install {REQUIREMENTS.name}; its own words are above.")
    for pattern in PRUNED:
        for path in sorted(target.rglob(pattern), reverse=True):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def build(target: Path, platform: tuple[str, ...]) -> None:
    """Build a bundle in a new folder `target`; `platform` holds pip's options for another machine's wheels.

    Raises:
        BundleError: pip failed, or the bundle is too large for a function.
    """
    install(target, platform)
    for path in sources():
        copy = target / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    if (size := bundle_bytes(target)) > MAXIMUM_BYTES:
        raise BundleError(f"The bundle has {size} bytes, at most {MAXIMUM_BYTES} fit; look for a new large dependency.")


def bundle_bytes(target: Path) -> int:
    """Return the size of a bundle's files."""
    return sum(path.stat().st_size for path in target.rglob("*") if path.is_file())


def bundle(target: Path) -> bool:
    """Bring the bundle in `target`, whose name is one of `PLATFORMS`, up to date; False when it was already.

    It's built beside and moved in place, so that a broken build leaves none behind.
    """
    if is_current(target):
        return False
    fresh, kept = target.with_suffix(".new"), target.with_suffix(".stamp")
    for folder in (fresh, target):
        shutil.rmtree(folder, ignore_errors=True)
    kept.unlink(missing_ok=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    build(fresh, PLATFORMS[target.name])
    fresh.rename(target)
    kept.write_text(stamp(target.name))
    return True


def main() -> None:
    """Build the bundles that are named, or all; end with one sentence and status 1 when one can't be built."""
    parser = argparse.ArgumentParser(prog="python -m lambdas.bundle", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="bundle", help=f"any of {', '.join(PLATFORMS)}; none means all")
    names = parser.parse_args().names or list(PLATFORMS)
    if unknown := set(names) - set(PLATFORMS):
        parser.error(f"unknown bundle {sorted(unknown)}; expected {', '.join(PLATFORMS)}")
    for name in names:
        target = BUNDLES / name
        try:
            built = bundle(target)
        except BundleError as error:
            raise SystemExit(f"atoll: {error}") from error
        size = bundle_bytes(target) / 1e6
        print(f"Lambda bundle {name}: {size:.0f} MB, {'built' if built else 'up to date'}")  # noqa: T201


if __name__ == "__main__":
    main()
