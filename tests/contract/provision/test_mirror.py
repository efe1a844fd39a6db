"""The real uv, where only pip was told of the mirror, its certificate or the proxy; and a file that was exchanged."""

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local.certificates import make_certificates
from provision import InstallError
from provision.installer import UV, sync
from tests.contract.provision.conftest import base_python, installed
from tests.contract.provision.later import Index
from tests.contract.provision.mirror import serve

LOCK = "one==1.0 \\\n    --hash=sha256:x\n    # via two\ntwo==2.0 \\\n    --hash=sha256:x\n"
LOCKED = {"one": "1.0", "two": "2.0"}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A mirror's folder, with a lock of what it holds."""
    made = Index(tmp_path / "mirror", {})
    (tmp_path / "mirror" / "lock.txt").write_text(made.offer(LOCK))
    made.write_pages()
    return tmp_path / "mirror"


@pytest.fixture
def install(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, str]]:
    """Installs the lock where a pip.conf has these lines, and nobody told uv anything; returns what is in place."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy") or "CERT" in name or "CA_BUNDLE" in name:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    venv = tmp_path / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", base_python(), venv], check=True)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))

    def run(lines: str) -> dict[str, str]:
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        (tmp_path / "pip.conf").write_text(f"[global]\n{lines}\n")
        sync(venv / "bin" / "python", [index / "lock.txt"])
        return installed(next((venv / "lib").glob("python3*/site-packages")))

    return run


def test_a_mirror_that_only_pip_knows_is_asked(install: Callable[[str], dict[str, str]], index: Path) -> None:
    with serve(index) as (address, asked):
        assert install(f"index-url = {address}/simple") == LOCKED
    assert {path for path in asked if path.endswith(".whl")} == {
        "/files/one-1.0-py3-none-any.whl",
        "/files/two-2.0-py3-none-any.whl",
    }


def test_a_second_index_and_a_folder_of_files_are_asked_too(
    install: Callable[[str], dict[str, str]], index: Path, tmp_path: Path
) -> None:
    (tmp_path / "links").mkdir()
    for file in (index / "files").glob("two-2.0*"):
        file.rename(tmp_path / "links" / file.name)
    shutil.rmtree(index / "simple" / "two")
    with serve(index) as (address, _), serve(tmp_path / "links") as (empty, asked):
        lines = f"index-url = {empty}/simple\nextra-index-url = {address}/simple\nfind-links = {tmp_path / 'links'}"
        assert install(lines) == LOCKED
    assert asked


def test_a_mirror_with_the_agencys_own_certificate_is_trusted_when_pip_trusts_it(
    install: Callable[[str], dict[str, str]], index: Path, tmp_path: Path
) -> None:
    certificates = make_certificates(tmp_path / "pki")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    with serve(index, tls) as (address, asked):
        with pytest.raises(InstallError, match="obeys the certificate"):
            install(f"index-url = {address}/simple\nretries = 0")
        assert not asked
        assert install(f"index-url = {address}/simple\ncert = {certificates.authority}") == LOCKED


def test_the_proxy_that_only_pip_knows_is_used(install: Callable[[str], dict[str, str]], index: Path) -> None:
    with serve(index) as (proxy, asked):
        assert install(f"index-url = http://mirror.invalid/simple\nproxy = {proxy}") == LOCKED
    assert "http://mirror.invalid/files/one-1.0-py3-none-any.whl" in asked


def test_a_file_that_is_not_the_locked_one_is_refused(
    install: Callable[[str], dict[str, str]], index: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = index / "files" / "two-2.0-py3-none-any.whl"
    with serve(index) as (address, _):
        page = index / "simple" / "two" / "index.html"
        page.write_text(re.sub("#sha256=[0-9a-f]+", "", page.read_text()))
        wheel.write_bytes((index / "files" / "two-9999.0-py3-none-any.whl").read_bytes())
        with pytest.raises(InstallError, match=r"uv could not install .*lock\.txt"):
            install(f"index-url = {address}/simple")
    assert "Hash mismatch" in capfd.readouterr().err
