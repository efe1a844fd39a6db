"""The certificates of the loopback servers."""

import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from local.certificates import LIFETIME, Certificates, make_certificates


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def handshake(files: Certificates, name: str) -> None:
    """A TLS handshake in memory, as a strict client does it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(files.authority))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = client.wrap_bio(to_client, to_server, server_hostname=name)
    answerer = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (caller, answerer, caller, answerer):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_strict_client_accepts_both_names_of_this_machine(files: Certificates, name: str) -> None:
    handshake(files, name)


def test_another_name_is_refused(files: Certificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "example.com")


def test_they_are_worth_nothing_after_a_week(files: Certificates) -> None:
    for file in (files.authority, files.certificate):
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        assert certificate.not_valid_after_utc <= datetime.now(UTC) + LIFETIME
    assert files.end == certificate.not_valid_after_utc


def test_only_the_owner_reads_the_key_and_the_authoritys_own_is_nowhere(files: Certificates) -> None:
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    assert sorted(file.name for file in files.key.parent.iterdir()) == ["ca.pem", "server.key", "server.pem"]


def test_the_files_are_found_again_by_their_folder(files: Certificates, tmp_path: Path) -> None:
    assert Certificates.below(files.key.parent) == files
    assert Certificates.below(tmp_path) != files
