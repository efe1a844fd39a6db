"""A throw-away certificate authority for the loopback servers of one local AWS."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=7)
"""Long enough for a kept story, short enough that a forgotten authority is worth nothing."""

_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority (a CA bundle for clients), the server's certificate and its private key."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def below(cls, folder: Path) -> Self:
        """The files' names in `folder`."""
        return cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")

    @property
    def end(self) -> datetime:
        """When clients begin to refuse the server."""
        return x509.load_pem_x509_certificate(self.certificate.read_bytes()).not_valid_after_utc


def make_certificates(folder: Path) -> Certificates:
    """Write an authority and a server certificate for localhost and 127.0.0.1 into `folder`, valid for `LIFETIME`.

    The authority's own key is never written: nobody can sign with it later.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates.below(folder)
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Atoll local authority")
    authority = _signed(issuer, issuer, authority_key, authority_key.public_key(), _authority_extensions())
    server = _signed(_name("localhost"), issuer, authority_key, server_key.public_key(), _server_extensions())
    files.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    files.key.touch(mode=0o600)
    files.key.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _authority_extensions() -> Sequence[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(ca=True, path_length=0), True), (_key_usage(signs_certificates=True), True)]


def _server_extensions() -> Sequence[tuple[x509.ExtensionType, bool]]:
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName(names), False),
    ]


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    public_key: ec.EllipticCurvePublicKey,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())
