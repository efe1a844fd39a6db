"""`make image-test`: every image from nothing to a signed and running container, on one machine."""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3

from images import jobs, stand_ins
from images.bases import BASE, COMPILER, SUITE, import_stand_ins
from images.build import RECIPES, Bases, Built, Recipe, build, download_wheels
from images.commands import BUILDERS, REHEARSAL, ROOT, WORK, ImageError, expect, install, run
from images.contents import bill_of_materials, contents
from images.engine import Engine, temporary_engine
from images.publish import Target, publish
from images.signing import Signer, throwaway_key
from local.certificates import make_certificates
from stacks.settings import load

REPORT = ROOT / "build" / "image-test.json"
ENVIRONMENT = ROOT / "environments" / "govcloud-west.toml"


class Report:
    """What was measured, step by step; written after each, so that a failure leaves what was known."""

    def __init__(self) -> None:
        self._steps: list[dict[str, object]] = []
        self._begin = time.monotonic()

    def step(self, name: str, work: Callable[[], object]) -> None:
        """Do the work and keep its facts."""
        begin = time.monotonic()
        sys.stdout.write(f"{name:<44}")
        sys.stdout.flush()
        result = "failed"
        facts: object = None
        try:
            facts = work()
            result = "passed"
        finally:
            seconds = round(time.monotonic() - begin, 1)
            sys.stdout.write(f"{result:<8}{seconds:>7.1f} s\n")
            self._steps.append({"step": name, "result": result, "seconds": seconds, "facts": facts})
            total = round(time.monotonic() - self._begin, 1)
            passed = all(each["result"] == "passed" for each in self._steps)
            REPORT.parent.mkdir(parents=True, exist_ok=True)
            summary = {"passed": passed, "seconds": total, "base": "a stand-in from Debian packages, not production's"}
            REPORT.write_text(json.dumps(summary | {"steps": self._steps}, indent=1) + "\n")


def main() -> None:
    """Run all steps; the first that fails ends the test.

    Raises:
        ImageError: a step failed; the sentence says how.
    """
    report = Report()
    report.step("the programs are here", lambda: {"installed": install(BUILDERS | REHEARSAL)})
    report.step("hadolint finds nothing", lint)
    rooms = sorted({recipe.room for recipe in RECIPES})
    report.step("every wheel comes with its hash", lambda: {room: len(_wheels(room)) for room in rooms})
    with temporary_engine() as engine, tempfile.TemporaryDirectory(dir=engine.folder) as folder:
        report.step("the stand-in bases", lambda: import_stand_ins(engine))
        built: dict[str, Built] = {}
        for recipe in RECIPES:
            twice = recipe.room == "model_code"  # MLflow's image has one build fewer, for time
            name = f"{recipe.name}: {'two builds, one digest' if twice else 'built'}"
            report.step(name, lambda r=recipe, t=twice: _built(engine, r, built, twice=t))
        for each in built.values():
            report.step(f"{each.recipe.name}: contents", lambda e=each: contents(engine, e))
            report.step(f"{each.recipe.name}: bill of materials", lambda e=each: bill_of_materials(e, WORK / "bills"))
        scene = jobs.Scene(engine, built["model"], built["serving"], Path(folder))
        report.step("etl, confined", lambda: jobs.etl(scene))
        report.step("train, confined, from uid 1000 and from root", lambda: jobs.train(scene))
        report.step("a training that fails says why", lambda: jobs.failed_training(scene))
        report.step("serve, confined, from uid 1000 and from root", lambda: jobs.serve(scene))
        report.step("a changed model is not served", lambda: jobs.changed_model(scene))
        report.step("the memory limit holds", lambda: jobs.limits(scene))
        report.step("signed, pushed, written into the settings", lambda: _published(engine, built, Path(folder)))
    sys.stdout.write(f"{REPORT.relative_to(ROOT)}\n")


def lint() -> None:
    """Have hadolint read every Dockerfile.

    Raises:
        ImageError: it found something.
    """
    for room in sorted({recipe.room for recipe in RECIPES}):
        run(["hadolint", ROOT / room / "Dockerfile"])


def _wheels(room: str) -> list[Path]:
    return list(download_wheels(room).glob("*.whl"))


def _built(engine: Engine, recipe: Recipe, built: dict[str, Built], *, twice: bool) -> dict[str, object]:
    authorities = make_certificates(engine.folder / "authorities").authority  # in place of RDS's
    bases = Bases(f"{BASE}:{SUITE}", f"{COMPILER}:{SUITE}", authorities)
    attempts = (1, 2) if twice else (1,)
    with ThreadPoolExecutor() as pool:
        first, *again = pool.map(lambda attempt: build(engine, recipe, bases, attempt=attempt), attempts)
    for second in again:
        expect(first.digest == second.digest, f"Two builds of {recipe.name} gave {first.digest} and {second.digest}.")
        shutil.rmtree(second.layout)
    built[recipe.name] = first
    return {"digest": first.digest}


def _published(engine: Engine, built: dict[str, Built], folder: Path) -> dict[str, object]:
    """Run `make images`' own steps against a real registry with TLS and a login; only ECR's API is emulated."""
    signer = Signer(folder / "signed", fingerprint=throwaway_key(folder / "gnupg"), gnupg=folder / "gnupg")
    settings = Path(shutil.copy(ENVIRONMENT, folder / "environment.toml"))
    images = list(built.values())
    with stand_ins.registry(folder) as registry:
        os.environ["SSL_CERT_FILE"] = str(registry.authority)
        with stand_ins.ecr_api(registry, {"CRITICAL": 1}) as url:
            _refused("a critical finding", lambda: publish(engine, images, _target(url, signer, folder), settings))
        expect(settings.read_text() == ENVIRONMENT.read_text(), "A blocked image's digest stands in the settings.")
        with stand_ins.ecr_api(registry, None) as url:
            target = _target(url, signer, folder)
            _refused("no scan", lambda: target.scan(images[0], minutes=0))
        with stand_ins.ecr_api(registry, {"LOW": 2}) as url:
            target = _target(url, signer, folder)
            facts = publish(engine, images, target, settings)
        unsigned = f"{registry.address}/atoll/unsigned:1"
        signer.push(images[0].layout, unsigned, target.authfile, signed=False)
        _refused("an unsigned image", lambda: signer.fetch(engine, unsigned, target.authfile, folder / "unsigned"))
        (folder / "nobody.json").write_text("{}")
        anyone = folder / "nobody.json"
        wanted = str(facts["serving"]["reference"])
        _refused("no login", lambda: signer.fetch(engine, wanted, anyone, folder / "nobody"))
    pinned = load(str(settings)).images.model_dump()
    expect(all(pinned[name] == image.digest for name, image in built.items()), f"The settings say {pinned}.")
    return {name: str(found["digest"]) for name, found in facts.items()}


def _target(url: str, signer: Signer, folder: Path) -> Target:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return Target(
        boto3.client("ecr", region_name="us-gov-west-1", endpoint_url=url, **keys), signer, folder / "auth.json"
    )


def _refused(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except ImageError:
        return
    raise ImageError(f"{what} was accepted; expected a refusal.")
