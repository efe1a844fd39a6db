"""`serve`: SageMaker's hosting contract around model_code.serving."""

import functools
import gc
import logging
import math
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from model_code.container.cpus import usable_cpus
from model_code.container.environment import whole_number
from model_code.container.policy import policy_of_environment
from model_code.container.processes import listen, run_processes
from model_code.errors import InputError
from model_code.serving.answers import Service
from model_code.serving.app import Application
from model_code.serving.budget import Budget
from model_code.serving.metrics import Metrics
from model_code.serving.model import load_model
from model_code.serving.protocol import Connection

DRAIN_SECONDS = 25
"""SageMaker kills a container 30 seconds after SIGTERM."""

logger = logging.getLogger(__name__)


def main(arguments: list[str], root: Path) -> None:
    """Serve the artifact in `<root>/model` until SIGTERM; requests that are under way are answered first.

    Raises:
        InputError: an argument, the environment, the artifact or the port can't be used.
    """
    if arguments:
        raise InputError(f"serve takes no arguments and was given {arguments}; use the environment.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)  # uvicorn drains first, then hands the signal on to this
    max_body_bytes = largest_body()
    processes = whole_number("SAGEMAKER_MODEL_SERVER_WORKERS", usable_cpus())
    service = _service(root / "model", processes)
    port = whole_number("SAGEMAKER_BIND_TO_PORT", 8080)
    # All addresses: SageMaker reaches the container over its own network.
    listener = listen(os.environ.get("ATOLL_BIND_ADDRESS", "0.0.0.0"), port)  # noqa: S104
    facts = {"model_version": service.model.version, "port": port, "processes": processes}
    logger.info("serving", extra={"facts": facts | {"kernel": service.model.kernel is not None}})
    gc.freeze()  # forked processes share what no collection ever writes to

    def work(process: int) -> None:
        service.metrics.be(process)
        config = configuration(Application(service, max_body_bytes=max_body_bytes))
        uvicorn.Server(config).run(sockets=[listener])

    run_processes(processes, work)


def largest_body() -> int:
    """Return how many bytes a body may have: 6 MB where nothing is set.

    At 0 the limit of the model's own guard.json counts alone.
    """
    return whole_number("SAGEMAKER_MAX_PAYLOAD_IN_MB", 6, least=0) * 2**20 or sys.maxsize


def configuration(application: Application) -> uvicorn.Config:
    """Return how uvicorn runs this application's connections."""
    return uvicorn.Config(
        application,  # ty: ignore[invalid-argument-type] - it is no ASGI application, and is not called
        interface="asgi3",
        proxy_headers=False,
        loop="uvloop",
        http=functools.partial(Connection, application),  # ty: ignore[invalid-argument-type] - called as a class is
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _service(folder: Path, processes: int) -> Service:
    policy = policy_of_environment()
    model = load_model(
        folder,
        version=os.environ.get("ATOLL_MODEL_VERSION"),
        expected_manifest_sha256=os.environ.get("ATOLL_MANIFEST_SHA256"),
        max_model_bytes=whole_number("ATOLL_MAX_MODEL_BYTES", 64_000_000),
    )
    policy.check(model.objective)
    # Processes don't know what callers asked of each other: each grants its share.
    rows = policy.rows_per_minute
    budget = Budget(math.ceil(rows / processes)) if rows else None
    return Service(model, policy, Metrics(processes), budget)


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
