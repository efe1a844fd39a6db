"""The environments around a local AWS: the emulator's (minimal), its clients', and the deployment's settings file."""

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from local.certificates import Certificates

ACCOUNT = "000000000000"
REGION = "us-east-1"
REPOSITORY = Path(__file__).resolve().parent.parent

_ROOT_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def server_environment(folder: Path, certificates: Certificates, gateway_port: int, mlflow_port: int) -> dict[str, str]:
    """The emulator's whole environment. Lambda processes inherit it, so nothing of the caller's is passed on."""
    endpoint = f"https://127.0.0.1:{gateway_port}"
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        **_programs(),
        **_trust(certificates.authority),
        **_location(endpoint),
        **_ROOT_KEYS,
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "NODE_PATH": str(REPOSITORY / "node_modules"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(gateway_port),
        "IOT_MTLS_ENABLED": "0",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificates.certificate),
        "MINISTACK_SSL_KEY": str(certificates.key),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
        "LAMBDA_EXECUTOR": "local",
        "ATOLL_LOCAL_FOLDER": str(folder),
        "ATOLL_LOCAL_MLFLOW_PORT": str(mlflow_port),
    }


def client_environment(endpoint: str, authority: Path, environment_file: Path) -> dict[str, str]:
    """The caller's environment without its AWS settings, pointed at the local AWS as administrator."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return {
        **inherited,
        **_programs(),
        **_trust(authority),
        **_location(endpoint),
        **_ROOT_KEYS,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
        "ATOLL_ENVIRONMENT": str(environment_file),
    }


def write_settings(source: Path, target: Path, *, mlflow_port: int) -> None:
    """Copy the settings file `source` to `target` with `port` in its table `[tracking]` replaced.

    Raises:
        ValueError: `source` has no `port` line in `[tracking]`.
    """
    text, count = re.subn(
        r"(?ms)(^\[tracking\]\s*$(?:(?!^\[).)*?^port\s*=\s*)\d+",
        rf"\g<1>{mlflow_port}",
        source.read_text(encoding="utf-8"),
        count=1,
    )
    if count != 1 or tomllib.loads(text)["tracking"]["port"] != mlflow_port:
        raise ValueError(f"{source} needs a line `port = <number>` in its table [tracking], for MLflow's free port.")
    target.write_text(text, encoding="utf-8")


def _programs() -> Mapping[str, str]:
    own = [str(Path(sys.executable).parent), str(REPOSITORY / "node_modules" / ".bin")]
    return {"PATH": os.pathsep.join([*own, os.environ.get("PATH", os.defpath)]), "LANG": "C.UTF-8"}


def _trust(authority: Path) -> Mapping[str, str]:
    names = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
    return dict.fromkeys(names, str(authority))


def _location(endpoint: str) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
