"""The emulator with the local SageMaker and the stand-in container: `python -m tests.contract.sagemaker.cloud`."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import supervise
from local.certificates import make_certificates
from local.cloud import ROOT, LocalSession
from local.cloud_environment import ACCOUNT, REGION, server_environment
from local.cloud_state import free_ports, is_healthy
from tests.patience import PATIENCE

DIGEST = "sha256:" + "5" * 64
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/stand/in@{DIGEST}"
MODEL_IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/atoll/model@{DIGEST}"
"""The real model image's content."""


@dataclass(frozen=True)
class StandInCloud:
    folder: Path
    endpoint: str
    authority: Path
    pid: int

    def session(self, credentials: dict[str, str] | None = None) -> LocalSession:
        return LocalSession(endpoint=self.endpoint, authority=self.authority, credentials=credentials or ROOT)

    def client(self, service: str, credentials: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - as boto3
        return self.session(credentials).client(service)


@contextmanager
def stand_in_cloud(folder: Path) -> Generator[StandInCloud]:
    """Start it, wait until it's healthy, end it."""
    certificates = make_certificates(folder / "certificates")
    port, other = free_ports(2)
    environment = {**server_environment(folder, certificates, port, other), "ATOLL_LOCAL_MINUTE": "0.5"}
    log = folder / "aws.log"
    process = supervise.start(
        [sys.executable, "-m", "tests.contract.sagemaker.cloud"], environment=environment, log=log
    )
    try:
        cloud = StandInCloud(folder, f"https://127.0.0.1:{port}", certificates.authority, process.pid)
        deadline = time.monotonic() + PATIENCE
        while not is_healthy(f"{cloud.endpoint}/_ministack/health", cloud.authority):
            assert process.poll() is None, supervise.tail(log)
            assert time.monotonic() < deadline, supervise.tail(log)
            time.sleep(0.1)
        yield cloud
    finally:
        supervise.stop(process)


def main() -> None:
    import ministack.app  # noqa: PLC0415 - only in the emulator's own process

    from local import iam, private, sagemaker  # noqa: PLC0415 - the same
    from local.cloudformation import acting, failing  # noqa: PLC0415 - the same

    private.require_pinned_version()
    private.wrap("ministack.app._port_is_bindable", lambda _: lambda _host, port: port != 443)
    iam.register()
    modules = {"stand/in": "tests.contract.sagemaker.container", "atoll/model": "model_code.container"}
    sagemaker.register(
        {
            repository: sagemaker.Image(
                argv=(sys.executable, "-m", module), digest=lambda: DIGEST, entrypoint=("container",)
            )
            for repository, module in modules.items()
        }
    )
    failing.register()
    acting.register()
    ministack.app.main()


if __name__ == "__main__":
    main()
