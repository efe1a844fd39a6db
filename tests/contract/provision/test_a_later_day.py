"""Whatever has come out since a lock was written: each install takes what the lock says, and nothing else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from images.build import RECIPES, Recipe
from lambdas import bundle
from tests.contract.provision.conftest import SEEDS, Project, base_python, installed
from tests.patience import PATIENCE

LAYERS = {"setup": "story", "setup-check": "check", "setup-tools": "tools", "setup-all": "dev"}
LAMBDAS_MACHINE = {"python_version": bundle.PYTHON, "python_full_version": f"{bundle.PYTHON}.0"}


def locked(project: Project, name: str, **environment: str) -> dict[str, str]:
    return {entry.name: entry.version for entry in project.lock(name) if entry.is_for(**environment)}


def of_venv(project: Project) -> dict[str, str]:
    held = project.held_by(".venv")
    assert held.pop("uv") == locked(project, "provision/uv.txt")["uv"]
    return {name: version for name, version in held.items() if name not in SEEDS}


def test_each_layer_of_the_set_up_is_its_lock_and_a_smaller_one_takes_nothing_away(project: Project) -> None:
    shutil.rmtree(project.folder / ".venv", ignore_errors=True)
    for target, layer in [("setup", "story"), ("setup-check", "check")]:
        project.make(target)
        assert of_venv(project) == locked(project, f"requirements-{layer}.txt")
    project.make("setup-tools")
    both = locked(project, "requirements-check.txt") | locked(project, "requirements-tools.txt")
    assert of_venv(project) == both
    project.make("setup-all")
    assert of_venv(project) == locked(project, "requirements-dev.txt")
    (project.folder / "requirements-story.txt").touch()
    project.make("setup")
    assert of_venv(project) == locked(project, "requirements-dev.txt")
    assert (project.folder / "node_modules" / "asked").read_text().split()[0] == "ci"


def test_a_set_up_that_broke_off_is_mended_by_the_next(project: Project) -> None:
    """uv takes a package for installed once its METADATA is there, however little else a full disk let through."""
    project.make("setup")
    venv = project.folder / ".venv"
    [missing] = venv.glob("lib/python*/site-packages/pydantic-[0-9]*.dist-info/WHEEL")
    missing.unlink()
    (venv / ".unfinished").touch()
    (project.folder / "requirements-story.txt").touch()
    project.make("setup")
    assert missing.exists()
    assert not (venv / ".unfinished").exists()


def test_set_ups_that_begin_together_end_as_one_and_who_was_refused_knows_it(project: Project) -> None:
    for place in (".venv", "node_modules"):
        shutil.rmtree(project.folder / place, ignore_errors=True)
    command = ["make", "--no-print-directory", "setup", f"PYTHON={base_python()}"]
    running = [
        subprocess.Popen(command, cwd=project.folder, env=project.environment, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=PATIENCE)[1] for process in running]
    codes = [process.returncode for process in running]
    assert 0 in codes, said
    refused = [words for code, words in zip(codes, said, strict=True) if code]
    assert all("atoll: Another `make` installs packages in" in words for words in refused), refused
    assert of_venv(project) == locked(project, "requirements-story.txt")
    assert (project.folder / "node_modules" / "asked").read_text().split()[0] == "ci"


def test_the_scanners_own_environment_is_its_lock(project: Project) -> None:
    project.make("checkov")
    assert project.held_by("build/checkov") == locked(project, "compliance/requirements-checkov.txt")


@pytest.mark.parametrize("machine", bundle.PLATFORMS)
def test_each_bundle_is_its_rooms_lock(project: Project, machine: str) -> None:
    project.make("setup")
    project.run(".venv/bin/python", "-m", "lambdas.bundle", machine)
    unused = {name.replace("_", "-") for name in bundle.UNUSED}
    there = LAMBDAS_MACHINE if machine == "aws" else {}
    for room, lock in bundle.ROOMS.items():
        wanted = locked(project, f"lambdas/{lock}", **there)
        held = installed(project.folder / "build" / "lambdas" / machine / room)
        assert held == {name: version for name, version in wanted.items() if name not in unused}


def test_each_peer_of_the_serving_benchmark_is_its_lock(project: Project) -> None:
    project.make("setup")
    project.run(".venv/bin/python", "-c", "from benchmarks.serving.environments import install; install()")
    for peer in ("mlflow", "mlserver", "bentoml", "fastapi"):
        assert project.held_by(f"build/peers/{peer}") == locked(project, f"benchmarks/serving/peers/{peer}.txt")
    assert project.held_by("build/peers/atoll") == locked(project, "model_code/requirements-serving.txt")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_image_is_its_lock_even_where_its_wheels_lie_among_others(
    project: Project, recipe: Recipe, tmp_path: Path
) -> None:
    """The folder of wheels has newer ones beside: as if an earlier build had left them."""
    project.make("setup")
    # By the tests' own Python: this one reads the lock by `packaging`, which is empty on the later day.
    project.run(sys.executable, "-c", f"from images.build import download_wheels; download_wheels({recipe.room!r})")
    wheels = project.folder / "build" / "images" / "wheels" / recipe.room
    fetched = {path.name.split("-")[0].replace("_", "-").lower(): path.name.split("-")[1] for path in wheels.iterdir()}
    assert fetched == locked(project, f"{recipe.room}/requirements.txt")
    dockerfile = (project.folder / recipe.room / "Dockerfile").read_text()
    lists = re.findall(
        r"COPY (requirements\S*) /build/requirements.txt\n.*?pip --python \S+ install (.+?)\n", dockerfile, re.DOTALL
    )
    command = dict(lists)[recipe.requirements].split()
    subprocess.run([base_python(), "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    places = {
        "/wheels": str(project.folder.parent / "index" / "files"),
        "/build/requirements.txt": str(project.folder / recipe.room / recipe.requirements),
    }
    pip = [".venv/bin/python", "-m", "pip", "--python", str(tmp_path / "venv" / "bin" / "python")]
    project.run(*pip, "install", *(places.get(word, word) for word in command))
    held = installed(next((tmp_path / "venv" / "lib").glob("python3*/site-packages")))
    assert held == locked(project, f"{recipe.room}/{recipe.requirements}")


def test_who_looks_dependencies_up_is_misled_on_that_day(project: Project) -> None:
    """What the set-up did until 2026-11: it shows that the index here is one that can mislead."""
    project.make("setup")
    pip = [".venv/bin/python", "-m", "pip", "install", "--dry-run", "--ignore-installed", "--require-hashes", "-r"]
    with pytest.raises(
        AssertionError, match="In --require-hashes mode, all requirements must have their versions pinned"
    ):
        project.run(*pip, "requirements-check.txt")
    uv = [".venv/bin/uv", "pip", "install", "--dry-run", "--python", ".venv/bin/python", "--default-index"]
    newest = project.run(*uv, (project.folder.parent / "index" / "simple").as_uri(), "--upgrade", "coverage")
    assert "coverage==9999.0" in newest
