"""Bundles of real wheels hold all that the functions need but boto3, for the machine that runs them."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from lambdas import bundle

HANDLERS = {
    room: sorted(f"lambdas.{room}.handlers.{path.stem}" for path in folder.glob("[a-z]*.py"))
    for room in bundle.ROOMS
    for folder in [bundle.CODE / room / "handlers"]
}
X86_64 = 62  # ELF's number of the machine


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine's bundles, one a room."""
    folder = tmp_path_factory.mktemp("bundles") / "local"
    assert all(bundle.bundle(folder / room) for room in bundle.ROOMS)
    return folder


@pytest.fixture
def built(machine: Path) -> Path:
    """The bundle of the release functions."""
    return machine / "release"


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run(built: Path, code: str, tmp_path: Path) -> str:
    """Run code as Lambda does: the bundle, and boto3 from the runtime; nothing of this machine's venv."""
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six"):
        found = importlib.util.find_spec(name)
        assert found
        assert found.origin
        place = Path(found.origin) if name == "six" else Path(found.origin).parent
        (tmp_path / place.name).symlink_to(place)
    command = [sys.executable, "-S", "-B", "-c", code]
    surroundings = {"PYTHONPATH": f"{built}:{tmp_path}", "HOME": str(tmp_path)}
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True, cwd=tmp_path).stdout


@pytest.mark.parametrize("room", bundle.ROOMS)
def test_every_handler_can_be_imported_from_its_bundle_alone_and_without_mlflow(
    machine: Path, tmp_path: Path, room: str
) -> None:
    lines = [f"import {name}; {name}.handler" for name in HANDLERS[room]]
    answer = run(machine / room, "\n".join([*lines, "import sys; print('mlflow' in sys.modules)"]), tmp_path)
    assert answer.strip() == "False"


def test_the_monitors_bundle_holds_no_mlflow_and_is_small(machine: Path) -> None:
    assert not (machine / "monitoring" / "mlflow").exists()
    assert bundle.bundle_bytes(machine / "monitoring") < 25_000_000


def test_no_bundle_holds_the_sdk_that_the_runtime_has(machine: Path) -> None:
    assert not [*machine.glob("*/boto3*"), *machine.glob("*/botocore*")]
    assert len([*machine.glob("*/aws_xray_sdk")]) == len(bundle.ROOMS)


def test_a_function_compiles_nothing_at_its_cold_start(machine: Path) -> None:
    for room in bundle.ROOMS:
        sources = [path for path in (machine / room).rglob("*.py") if "/lib2to3/" not in str(path)]
        compiled = {path.name.split(".")[0] for path in (machine / room).rglob("*.pyc")}
        assert {path.stem for path in sources} <= compiled


def test_mlflows_client_works_from_the_bundle_alone(built: Path, tmp_path: Path) -> None:
    calls = ["search_runs(['1'])", "get_model_version_by_alias('m','a')", "create_run('1')", "log_artifacts('r','.')"]
    tries = "".join(f"\ntry: client.{call}\nexcept MlflowException: print('asked')" for call in calls)
    code = (
        "import os; os.environ['MLFLOW_HTTP_REQUEST_MAX_RETRIES'] = '0'; from mlflow import MlflowClient\n"
        f"from mlflow.exceptions import MlflowException\nclient = MlflowClient('http://127.0.0.1:9'){tries}"
    )
    assert run(built, code, tmp_path).split() == ["asked"] * len(calls)


def test_two_builds_are_the_same_and_hold_nothing_of_this_machine(built: Path, tmp_path: Path) -> None:
    first = fingerprint(built)
    bundle.build(tmp_path / "second", "local", "release")
    assert fingerprint(tmp_path / "second") == first
    assert not [name for name in first if "/tests/" in name or name.startswith("bin/")]
    assert not [path for path in built.rglob("*.pyc") if str(built.parent).encode() in path.read_bytes()]
    assert "lambdas/release/decisions.py" in first
    assert "lambdas/bundle.py" not in first


def test_the_bundle_for_aws_has_the_same_packages_with_wheels_of_lambdas_machine(built: Path, tmp_path: Path) -> None:
    bundle.build(tmp_path / "aws", "aws", "release")
    packages = {path.name for path in (tmp_path / "aws").glob("*.dist-info")}
    assert packages == {path.name for path in built.glob("*.dist-info")}
    libraries = sorted((tmp_path / "aws").rglob("*.so"))
    tag = f"cpython-{bundle.PYTHON.replace('.', '')}-x86_64-linux-gnu.so"
    assert any(path.name.endswith(tag) for path in libraries)
    assert not [path.name for path in libraries if "cpython-" in path.name and not path.name.endswith(tag)]
    assert {path.read_bytes()[18] for path in libraries} == {X86_64}


def test_uvs_own_words_are_shown_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(bundle.ROOMS, "release", "nothing.txt")
    with pytest.raises(bundle.BundleError, match=r"could not install lambdas/nothing\.txt"):
        bundle.build(tmp_path / "local", "local", "release")
    assert "error: File not found" in capfd.readouterr().err
