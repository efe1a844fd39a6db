"""What an image holds: its bill of materials, the size of its packages, and nothing to build or attack with."""

import json
import re
from pathlib import Path

from images.build import Built
from images.commands import ROOT, expect, run
from images.engine import Engine

MOST_SERVING_MB = 210
UNWANTED = ("cc", "gcc", "tcc", "make", "pip", "/opt/venv/bin/pip", "curl", "wget")
MEASURE = """
import json, os, shutil, sys, sysconfig
folder = sysconfig.get_path("purelib")
files = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names]
unwanted = [name for name in sys.argv[1:] if shutil.which(name)]
print(json.dumps({"bytes": sum(os.lstat(file).st_size for file in files), "unwanted": unwanted}))
"""


def contents(engine: Engine, built: Built) -> dict[str, object]:
    """Return the size of site-packages and of the compressed image.

    Raises:
        ImageError: a compiler, pip or a download tool is in the image, or the serving image's packages are too large.
    """
    inside = ("--network", "none", "--entrypoint", "python3", built.reference, "-c", MEASURE, *UNWANTED)
    found = json.loads(engine("podman", "run", "--rm", *inside))
    expect(not found["unwanted"], f"The image {built.recipe.name} holds {', '.join(found['unwanted'])}.")
    size = round(found["bytes"] / 1e6, 1)
    if built.recipe.name == "serving":
        expect(size <= MOST_SERVING_MB, f"The packages take {size} MB; expected at most {MOST_SERVING_MB}.")
    return {"site_packages_mb": size, "compressed_mb": round(built.compressed_bytes / 1e6, 1)}


def bill_of_materials(engine: Engine, built: Built, folder: Path) -> dict[str, object]:
    """Write `<name>.cdx.json` (CycloneDX) and `<name>.spdx.json` with syft, and hold them against the locked list.

    Raises:
        ImageError: a Python package is in the image that isn't locked, or in another version, or one is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    readable = engine.folder / f"bill-{built.recipe.name}"  # syft reads no folder with Docker's manifest
    engine("skopeo", "--insecure-policy", "copy", f"dir:{built.layout}", f"oci:{readable}")
    cyclonedx, spdx = (folder / f"{built.recipe.name}.{kind}.json" for kind in ("cdx", "spdx"))
    run(
        [
            "syft",
            "scan",
            "-q",
            f"oci-dir:{readable}",
            "-o",
            f"cyclonedx-json={cyclonedx}",
            "-o",
            f"spdx-json={spdx}",
        ]
    )
    components = json.loads(cyclonedx.read_text())["components"]
    found = {(part["name"], part["version"]) for part in components if part.get("purl", "").startswith("pkg:pypi/")}
    names = {part["name"] for part in json.loads(spdx.read_text())["packages"]}
    locked = pinned((ROOT / built.recipe.room / built.recipe.requirements).read_text())
    expect(found <= locked, f"The image {built.recipe.name} holds what nobody locked: {sorted(found - locked)}")
    room = ROOT / built.recipe.room / built.recipe.requirements
    wanted = direct(room.with_suffix(".in").read_text())
    expect(wanted <= {name for name, _ in found}, f"{built.recipe.name} lacks {wanted - {name for name, _ in found}}")
    expect({name for name, _ in found} <= names, "The SPDX bill lacks packages that the CycloneDX bill has.")
    return {"components": len(components), "python_packages": len(found)}


def pinned(requirements: str) -> set[tuple[str, str]]:
    """Return the names and versions of a hashed requirements file, of whatever Python and platform."""
    return set(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", requirements, re.MULTILINE))


def direct(requirements: str) -> set[str]:
    """Return the names of the packages that a list without hashes asks for itself."""
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)", requirements, re.MULTILINE))
