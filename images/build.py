"""Building: the same sources and the same base give the same digest, on every machine and without a network."""

import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from packaging.markers import Marker

from images.commands import ROOT, WORK, ImageError, expect, run
from images.engine import Engine

EPOCH = "1700000000"
"""The time that every file and layer gets; any fixed one will do."""
AUTHORITIES = "rds-ca-bundle.pem"
"""The file that `mlflow_server/Dockerfile` copies, and that no git knows: which it is depends on the region."""
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "manylinux_2_17_x86_64")
_IMAGES = {"python_version": "3.11", "python_full_version": "3.11.99"}
_KIND = "application/vnd.docker"
DOCKER = {
    f"{_KIND}.distribution.manifest.v2+json",
    f"{_KIND}.container.image.v1+json",
    f"{_KIND}.image.rootfs.diff.tar.gzip",
}
"""Media types of a manifest, its configuration and its layers."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One image: its key below `[images]`, its ECR repository, its room, the Dockerfile's target, its requirements."""

    name: str
    repository: str
    room: str
    requirements: str
    target: str | None = None


RECIPES = (
    Recipe("model", "atoll/model", "model_code", "requirements.txt", "training"),
    Recipe("serving", "atoll/model", "model_code", "requirements-serving.txt", "serving"),
    Recipe("mlflow", "atoll/mlflow", "mlflow_server", "requirements.txt"),
)


@dataclasses.dataclass(frozen=True)
class Bases:
    """References of the base images, in production by digest, and the file of RDS's authorities in the region."""

    base: str
    compiler: str
    authorities: Path = ROOT / "mlflow_server" / AUTHORITIES


@dataclasses.dataclass(frozen=True)
class Built:
    """An image in the engine's storage and, as Docker's manifest names its parts, in a folder of files.

    A registry calls the manifest `digest`. SageMaker's hosting takes no other kind: CreateModel refuses OCI's
    (https://github.com/aws/amazon-sagemaker-feedback/issues/180).
    """

    recipe: Recipe
    reference: str
    layout: Path
    digest: str

    @property
    def compressed_bytes(self) -> int:
        """What a registry stores and a node pulls."""
        return sum(file.stat().st_size for file in self.layout.iterdir())


def download_wheels(room: str) -> Path:
    """Return a folder with the wheels, for the image's Python and machine, of all that a room's images may hold.

    Raises:
        ImageError: pip's index isn't reached, or has no such wheel or another of its name.
    """
    folder = WORK / "wheels" / room
    folder.mkdir(parents=True, exist_ok=True)
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    only = ["--only-binary", ":all:", "--python-version", "3.11", *platforms, "--require-hashes", "--no-deps"]
    wanted = ROOT / room / "requirements.txt"  # the other lists of the room are parts of this one
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
            listed.write(for_images(wanted.read_text(encoding="utf-8")))
            listed.flush()
            run([sys.executable, "-m", "pip", "download", "-q", *only, "-d", folder, "-r", listed.name])
    except ImageError as error:
        raise ImageError(f"The wheels of {room} can't be had from pip's index. Is there a network? {error}") from None
    return folder


def for_images(lock: str) -> str:
    """Return a lock's entries for the images' Python: pip judges their markers by the Python that runs it."""
    kept = []
    for entry in re.split(r"^(?=\S)", lock, flags=re.MULTILINE):
        _, marked, marker = entry.partition("\n")[0].removesuffix(" \\").partition(" ; ")
        if not marked or Marker(marker).evaluate(_IMAGES):
            kept.append(entry.replace(f" ; {marker}", "", 1) if marked else entry)
    return "".join(kept)


def build(engine: Engine, recipe: Recipe, bases: Bases, *, attempt: int = 1) -> Built:
    """Build from a fresh copy of the room and without any cache.

    Raises:
        ImageError: it can't be built.
    """
    context = _copy(recipe.room, engine.folder / f"context-{recipe.name}-{attempt}")
    if recipe.name == "mlflow":
        _add_authorities(bases.authorities, context)
    for path in (context, *context.rglob("*")):
        os.utime(path, (attempt, attempt))  # each clone's files have other times; none may show in the image
    reference = f"localhost/{recipe.repository}:{recipe.name}-{attempt}"
    arguments = {"BASE_IMAGE": bases.base, "COMPILER_IMAGE": bases.compiler}
    engine(
        *("buildah", "bud", "--quiet", "--no-cache", "--timestamp", EPOCH),
        *("--isolation", "oci", "--network", "none", "--pull=missing"),
        *(f"--build-arg={name}={value}" for name, value in arguments.items()),
        f"--build-context=wheels={WORK / 'wheels' / recipe.room}",
        *(("--target", recipe.target) if recipe.target else ()),
        *("--tag", reference, context),
    )
    layout = WORK / "layouts" / f"{recipe.name}-{attempt}"
    shutil.rmtree(layout, ignore_errors=True)
    layout.parent.mkdir(parents=True, exist_ok=True)
    return Built(recipe, reference, layout, write_layout(engine, reference, layout))


def write_layout(engine: Engine, reference: str, layout: Path) -> str:
    """Write an image's manifest and compressed layers into a folder as a registry will hold them; return its digest.

    It is built in OCI's form and written in Docker's, which differ in the names of their media types: built in Docker's
    form, the configuration would hold the name of the container that built it, another one each time.

    Raises:
        ImageError: the manifest isn't of the kind that SageMaker takes.
    """
    given = ("--insecure-policy", "copy", "--format", "v2s2", "--dest-compress")
    engine("skopeo", *given, f"containers-storage:{reference}", f"dir:{layout}")
    content = (layout / "manifest.json").read_bytes()
    require_docker(json.loads(content), reference)
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def require_docker(manifest: dict[str, Any], reference: str) -> None:
    """Do nothing if a manifest and what it names are of Docker's kinds, as SageMaker's hosting takes them.

    Raises:
        ImageError: they aren't.
    """
    found = {manifest.get("mediaType"), manifest["config"]["mediaType"], *(p["mediaType"] for p in manifest["layers"])}
    expect(found == DOCKER, f"The manifest of {reference} names {sorted(map(str, found))}; expected {sorted(DOCKER)}.")


def require_authorities(file: Path) -> None:
    """Do nothing if the file of RDS's authorities is there.

    Raises:
        ImageError: it isn't.
    """
    expect(file.is_file(), f"{file} isn't there. MLflow's image needs your region's RDS authorities: docs/deploy.md.")


def _add_authorities(file: Path, context: Path) -> None:
    require_authorities(file)
    shutil.copyfile(file, context / AUTHORITIES)
    (context / AUTHORITIES).chmod(0o644)


def _copy(room: str, context: Path) -> Path:
    """Copy what git knows of a room, with modes that don't depend on who cloned it."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", room]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            target = context / Path(name).relative_to(room)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
            target.chmod(0o644)
    for folder in (context, *(path for path in context.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    return context
