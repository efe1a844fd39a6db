"""`make image-test`: every image from nothing to a signed and running container, on one machine."""

import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from images import jobs
from images.bases import BASE, COMPILER, SUITE, import_stand_ins
from images.build import RECIPES, Bases, Built, Recipe, build, download_wheels
from images.commands import BUILDERS, REHEARSAL, ROOT, WORK, ImageError, expect, install, run
from images.contents import bill_of_materials, contents
from images.engine import Engine, temporary_engine
from images.publish_rehearsal import published
from images.report import Report, Step
from images.tracking import tracking_server
from local.certificates import make_certificates

REPORT = ROOT / "build" / "image-test.json"
ABOUT: dict[str, object] = {
    "base": "a stand-in from Debian packages, not production's",
    "rds_authorities": "a stand-in made for this run, not AWS's",
    "ecr_api": "emulated; the registry behind it is real",
}
ROOMS = sorted({recipe.room for recipe in RECIPES})
MODEL, SERVING, MLFLOW = RECIPES


def main() -> None:
    """Run all steps, in two lanes where they don't need each other; the first that fails ends the test.

    Raises:
        ImageError: a step failed; the sentence says how.
    """
    report = Report(REPORT, ABOUT)
    for name, stand_in in ABOUT.items():
        sys.stdout.write(f"{name}: {stand_in}\n")
    report.step("this machine may run containers", machine)
    report.step("hadolint finds nothing", lint)
    with temporary_engine() as engine, tempfile.TemporaryDirectory(dir=engine.folder) as folder:
        report.together(
            [("every wheel comes with its hash", wheels)],
            [("the stand-in bases", lambda: import_stand_ins(engine))],
        )
        built = _built(engine, report)
        bills = [step for each in built for step in _inside(engine, each)]
        publication = ("signed, pushed, written into the settings", lambda: published(engine, built, Path(folder)))
        report.together(bills, [*_running(engine, built, Path(folder)), publication])
    sys.stdout.write(f"{REPORT.relative_to(ROOT)}\n")


def machine() -> dict[str, object]:
    """Install the programs that are missing, and see whether this process may do what containers need.

    Raises:
        ImageError: it may not, or a program can't be had.
    """
    expect(os.geteuid() == 0, "image-test must be root: it makes base images and runs containers without a daemon.")
    installed = install(BUILDERS | REHEARSAL)
    probe = ("unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "image-test", "/mnt")
    try:
        run(probe)
    except ImageError as error:
        raise ImageError(
            "This machine lets root make no mounts or namespaces, so it can run no container. image-test needs "
            f"CAP_SYS_ADMIN (a virtual machine, or a privileged container): {error}"
        ) from None
    return {"installed": installed}


def lint() -> None:
    """Have hadolint read every Dockerfile.

    Raises:
        ImageError: it found something.
    """
    for room in ROOMS:
        run(["hadolint", ROOT / room / "Dockerfile"])


def wheels() -> dict[str, object]:
    """Fetch each room's wheels; gives how many there are."""
    with ThreadPoolExecutor() as pool:
        folders = pool.map(download_wheels, ROOMS)
        return {room: len(list(folder.glob("*.whl"))) for room, folder in zip(ROOMS, folders, strict=True)}


def _built(engine: Engine, report: Report) -> list[Built]:
    """Build the model's two images twice and MLflow's once, for time; the first builds, if both agree."""
    authorities = make_certificates(engine.folder / "authorities").authority
    bases = Bases(f"{BASE}:{SUITE}", f"{COMPILER}:{SUITE}", authorities)
    made: dict[tuple[str, int], Built] = {}

    def building(recipe: Recipe, attempt: int) -> Step:
        def work() -> dict[str, object]:
            image = made[recipe.name, attempt] = build(engine, recipe, bases, attempt=attempt)
            return {"digest": image.digest}

        return f"{recipe.name}: built{' again' if attempt > 1 else ''}", work

    # Builds of one room have stages in common, which are equal images: side by side one would remove the other's.
    report.together(
        [building(MODEL, 1), building(MODEL, 2), building(SERVING, 1), building(SERVING, 2)],
        [building(MLFLOW, 1)],
    )
    report.step("two builds, one digest", lambda: _equal(made))
    return [made[recipe.name, 1] for recipe in (SERVING, MODEL, MLFLOW)]


def _equal(made: dict[tuple[str, int], Built]) -> dict[str, object]:
    for name in (MODEL.name, SERVING.name):
        first, second = made[name, 1], made[name, 2]
        expect(first.digest == second.digest, f"Two builds of {name} gave {first.digest} and {second.digest}.")
        shutil.rmtree(second.layout)
    return {name: built.digest for (name, attempt), built in made.items() if attempt == 1}


def _inside(engine: Engine, built: Built) -> list[Step]:
    name = built.recipe.name
    return [
        (f"{name}: contents", lambda: contents(engine, built)),
        (f"{name}: bill of materials", lambda: bill_of_materials(engine, built, WORK / "bills")),
    ]


def _running(engine: Engine, built: list[Built], folder: Path) -> list[Step]:
    images = {each.recipe.name: each for each in built}
    scene = jobs.Scene(engine, images["model"], images["serving"], folder)
    return [
        ("etl, confined", lambda: jobs.etl(scene)),
        ("train, confined, from uid 1000 and from root", lambda: jobs.train(scene)),
        ("a training that fails says why", lambda: jobs.failed_training(scene)),
        ("serve, confined, from uid 1000 and from root", lambda: jobs.serve(scene)),
        ("a changed model is not served", lambda: jobs.changed_model(scene)),
        ("variables choose no code", lambda: jobs.chosen_code(scene)),
        ("the memory limit holds", lambda: jobs.limits(scene)),
        ("mlflow, confined, answers those who sign in", lambda: tracking_server(engine, images["mlflow"], folder)),
    ]
