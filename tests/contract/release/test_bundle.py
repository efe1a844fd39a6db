"""The bundle holds all that the functions need but boto3, and is the same whenever it is built from the same inputs."""

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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bundle") / "runtime"
    assert bundle.bundle(target, []) is True
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
    bundle.build(tmp_path / "second", [])
    assert fingerprint(tmp_path / "second") == first
    assert not [name for name in first if "__pycache__" in name or "/tests/" in name or name.startswith("bin/")]
    assert "lambdas/release/decisions.py" in first
    assert "lambdas/bundle.py" not in first


def test_a_bundle_that_is_up_to_date_is_left_alone(built: Path) -> None:
    assert bundle.bundle(built, []) is False
    assert bundle.stamp([]) != bundle.stamp(["--platform", "manylinux2014_x86_64"])


def test_a_bundle_that_can_not_be_built_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "REQUIREMENTS", tmp_path / "nothing.txt")
    with pytest.raises(bundle.BundleError, match=r"could not install nothing\.txt"):
        bundle.build(tmp_path / "runtime", [])


def test_a_bundle_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "none.txt").write_text("")
    monkeypatch.setattr(bundle, "REQUIREMENTS", tmp_path / "none.txt")
    monkeypatch.setattr(bundle, "MAXIMUM_BYTES", 1000)
    with pytest.raises(bundle.BundleError, match="at most 1000 fit"):
        bundle.build(tmp_path / "runtime", [])


def test_the_command_says_where_the_bundle_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bundle"])
    bundle.main()
    assert capsys.readouterr().out.startswith("Lambda bundle: build/lambdas/runtime, ")
