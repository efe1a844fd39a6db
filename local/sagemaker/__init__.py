"""A SageMaker backed by real processes, and Application Auto Scaling, inside the local AWS.

`register()` teaches them to the emulator (ministack). It goes between `import ministack.app` and its `main()`.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from local.sagemaker import cloudformation
from local.sagemaker.autoscaling import Scaling
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.images import Image
from local.sagemaker.private import PRIVATE_NAMES, find
from local.sagemaker.scaler import Scaler
from local.sagemaker.service import Service

__all__ = ["PRIVATE_NAMES", "Image", "model_image", "register"]


def model_image() -> Image:
    """The model image: `python -m model_code.container` of this project, its digest the hash of the code."""
    from model_code.version import code_sha256  # noqa: PLC0415 - only when the product's own image is registered

    command = ("-m", "model_code.container")
    return Image(
        argv=(sys.executable, *command),
        digest=lambda: f"sha256:{code_sha256()}",
        entrypoint=("/opt/atoll/start",),
    )


def register(images: Mapping[str, Image] | None = None) -> None:
    """Add SageMaker, its runtime, Application Auto Scaling and their CloudFormation types to the emulator.

    Args:
        images: Repository name -> what runs for it; by default `atoll/model` is the project's model image.
    """
    folder = Path(tempfile.mkdtemp(prefix="sagemaker-"))
    backend = Backend(images={"atoll/model": model_image()} if images is None else images, folder=folder)
    endpoints, scaling = Endpoints(backend), Scaling(backend.records)
    service = Service(backend, endpoints, scaling)
    find("ministack.app.SERVICE_HANDLERS").update(
        {"sagemaker": service.sagemaker, "application-autoscaling": service.application_autoscaling}
    )
    find("ministack.core.router.SERVICE_PATTERNS").update(
        {
            "sagemaker": {"target_prefixes": ["SageMaker."], "host_patterns": [r"^(api|runtime)\.sagemaker\."]},
            "application-autoscaling": {
                "target_prefixes": ["AnyScaleFrontendService."],
                "host_patterns": [r"^application-autoscaling\."],
            },
        }
    )
    cloudformation.register(backend, endpoints, scaling)
    Scaler(backend.records, endpoints, scaling).start()
