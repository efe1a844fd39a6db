"""Bundles of real wheels hold all that the functions need but boto3, for the machine that runs them."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from lambdas import bundle

HANDLERS = [
    "lambdas.release.handlers.training_completed",
    "lambdas.release.handlers.change_set_executed",
    "lambdas.release.handlers.release_settled",
    "lambdas.monitoring.handlers.batch_scored",
]
X86_64 = 62  # ELF's number of the machine


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bundle") / "local"
    assert bundle.bundle(target) is True
    return target


def fingerprint(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def run(built: Path, code: str, tmp_path: Path) -> str:
    """Run code as Lambda does: the bundle, and boto3 from the runtime; nothing of this machine's venv."""
    for name in ("boto3", "botocore", "s3transfer", "dateutil", "six"):
        found = importlib.util.find_spec(name)
        assert found
        assert found.origin
        place = Path(found.origin) if name == "six" else Path(found.origin).parent
        (tmp_path / place.name).symlink_to(place)
    command = [sys.executable, "-S", "-B", "-c", code]
    surroundings = {"PYTHONPATH": f"{built}:{tmp_path}", "HOME": str(tmp_path)}
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True, cwd=tmp_path).stdout


def test_every_handler_can_be_imported_from_the_bundle_alone_and_without_mlflow(built: Path, tmp_path: Path) -> None:
    lines = [f"import {name}; {name}.handler" for name in HANDLERS]
    assert run(built, "\n".join([*lines, "import sys; print('mlflow' in sys.modules)"]), tmp_path).strip() == "False"


def test_mlflows_client_works_from_the_bundle_alone(built: Path, tmp_path: Path) -> None:
    code = "from mlflow import MlflowClient; print(MlflowClient('https://mlflow.example').tracking_uri)"
    assert run(built, code, tmp_path).strip() == "https://mlflow.example"


def test_two_builds_are_the_same_and_hold_nothing_of_this_machine(built: Path, tmp_path: Path) -> None:
    first = fingerprint(built)
    bundle.build(tmp_path / "second", bundle.PLATFORMS["local"])
    assert fingerprint(tmp_path / "second") == first
    assert not [name for name in first if "__pycache__" in name or "/tests/" in name or name.startswith("bin/")]
    assert "lambdas/release/decisions.py" in first
    assert "lambdas/bundle.py" not in first


def test_the_bundle_for_aws_has_the_same_packages_with_wheels_of_lambdas_machine(built: Path, tmp_path: Path) -> None:
    bundle.build(tmp_path / "aws", bundle.PLATFORMS["aws"])
    packages = {path.name for path in (tmp_path / "aws").glob("*.dist-info")}
    assert packages == {path.name for path in built.glob("*.dist-info")}
    libraries = sorted((tmp_path / "aws").rglob("*.so"))
    tag = f"cpython-{bundle.PYTHON.replace('.', '')}-x86_64-linux-gnu.so"
    assert any(path.name.endswith(tag) for path in libraries)
    assert not [path.name for path in libraries if "cpython-" in path.name and not path.name.endswith(tag)]
    assert {path.read_bytes()[18] for path in libraries} == {X86_64}


def test_pips_own_words_are_shown_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "REQUIREMENTS", tmp_path / "nothing.txt")
    with pytest.raises(bundle.BundleError, match=r"could not install nothing\.txt"):
        bundle.build(tmp_path / "local", bundle.PLATFORMS["local"])
    assert "ERROR: Could not open requirements file" in capfd.readouterr().err
