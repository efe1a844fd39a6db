"""`serve` and `batch`: SageMaker's hosting contract around model_code.serving."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from model_code.container.environment import whole_number
from model_code.errors import InputError
from model_code.serving.app import Application
from model_code.serving.model import load_model

DRAIN_SECONDS = 25
"""SageMaker kills a container 30 seconds after SIGTERM."""

logger = logging.getLogger(__name__)


def main(arguments: list[str], root: Path) -> None:
    """Serve the artifact in `<root>/model` until SIGTERM; requests that are under way are answered first.

    Raises:
        InputError: an argument, the environment or the artifact can't be used.
    """
    if arguments:
        raise InputError(f"serve and batch take no arguments and were given {arguments}; use the environment.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # uvicorn drains first, then hands the signal on to this
    model = load_model(
        root / "model",
        version=os.environ.get("ATOLL_MODEL_VERSION"),
        expected_manifest_sha256=os.environ.get("ATOLL_MANIFEST_SHA256"),
        max_model_bytes=whole_number("ATOLL_MAX_MODEL_BYTES", 64_000_000),
    )
    port = whole_number("SAGEMAKER_BIND_TO_PORT", 8080)
    # Batch transform names its MaxPayloadInMB here; 6 is SageMaker's default.
    max_body_bytes = whole_number("SAGEMAKER_MAX_PAYLOAD_IN_MB", 6) * 2**20
    logger.info("serving", extra={"facts": {"model_version": model.version, "port": port}})
    uvicorn.run(
        Application(model, max_body_bytes=max_body_bytes),
        # All addresses: SageMaker reaches the container over its own network.
        host=os.environ.get("ATOLL_BIND_ADDRESS", "0.0.0.0"),  # noqa: S104
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
