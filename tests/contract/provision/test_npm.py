"""npm takes what package-lock.json says, hash by hash, from whatever registry the machine has."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.provision.mirror import serve
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
LOCK = json.loads((ROOT / "package-lock.json").read_text())


def test_the_lock_has_a_hash_for_each_package_and_no_address() -> None:
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in json.dumps(LOCK)
    assert LOCK["packages"][""]["dependencies"] == json.loads((ROOT / "package.json").read_text())["dependencies"]


def pack(folder: Path, version: str) -> dict[str, Any]:
    """Publish a version of the package `tool`; return what a registry says of it."""
    described = json.dumps({"name": "tool", "version": version})
    file = folder / f"tool-{version}.tgz"
    with tarfile.open(file, "w:gz") as archive:
        info = tarfile.TarInfo("package/package.json")
        info.size = len(described)
        archive.addfile(info, io.BytesIO(described.encode()))
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
    return {"name": "tool", "version": version, "dist": {"integrity": integrity}}


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[Callable[..., None], str]]:
    """A registry on loopback: a function that publishes versions, and the address."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with serve(folder) as (address, _):
        known: dict[str, Any] = {}

        def publish(*versions: str) -> None:
            for version in versions:
                known[version] = pack(folder, version)
                known[version]["dist"]["tarball"] = f"{address}/tool-{version}.tgz"
            tags = {"latest": versions[-1]}
            (folder / "tool").write_text(json.dumps({"name": "tool", "dist-tags": tags, "versions": known}))

        yield publish, address


@pytest.fixture
def npm(registry: tuple[Callable[..., None], str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs npm in a project that asks for `tool` from 1.0.0, with our settings and this registry."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"name": "p", "private": true, "dependencies": {"tool": "^1.0.0"}}')
    (project / ".npmrc").write_text((ROOT / ".npmrc").read_text())
    kept = {name: value for name, value in os.environ.items() if not name.lower().startswith("npm_config")}
    environment = kept | {"npm_config_registry": registry[1], "HOME": str(tmp_path), "npm_config_fetch_retries": "0"}
    environment["npm_config_cache"] = str(tmp_path / "cache")
    program = Path(sys.executable).with_name("npm")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program, *arguments]
        return subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    return run


def test_a_newer_version_is_not_taken_and_an_exchanged_file_is_refused(
    registry: tuple[Callable[..., None], str],
    npm: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    publish, _ = registry
    publish("1.0.0")
    assert npm("install", "--package-lock-only").returncode == 0
    assert "://" not in (tmp_path / "project" / "package-lock.json").read_text()
    publish("1.9.0")
    assert npm("ci").returncode == 0
    installed = json.loads((tmp_path / "project" / "node_modules" / "tool" / "package.json").read_text())
    assert installed["version"] == "1.0.0"
    (tmp_path / "registry" / "tool-1.9.0.tgz").rename(tmp_path / "registry" / "tool-1.0.0.tgz")
    refused = npm("ci", "--cache", str(tmp_path / "empty"))
    assert refused.returncode
    assert "EINTEGRITY" in refused.stderr
