"""A certificate for the way between the load balancer and this container: made at start, gone with the container.

A load balancer encrypts to its targets and doesn't look at their certificates; nobody else reaches this port:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html ("you can use
self-signed certificates or certificates that have expired").
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=397)
"""Longer than a task runs: deployments, scaling and Fargate's own maintenance replace it sooner."""

_CLOCK_SKEW = timedelta(minutes=5)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for localhost and its key into `folder`; gives both files (PEM)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mlflow")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.crt", folder / "tls.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].touch(mode=0o600)
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
