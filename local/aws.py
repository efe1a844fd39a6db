"""`python -m local.aws`: the emulator with Atoll's extensions, in the foreground. `local.cloud.LocalCloud` starts it.

Its settings come from the environment, as the emulator's own do (see `local.cloud_environment`).
"""

import asyncio
import functools
import os
import signal
import sys
from collections.abc import Callable

import hypercorn.asyncio
import ministack.app

from local import (
    cloudformation,
    concurrency,
    ecs,
    events,
    function_code,
    iam,
    not_yet,
    private,
    reachability,
    request_keys,
    sagemaker,
    source_vpc,
)

HTTPS_PORT = 443


def main() -> None:
    """Register the extensions, then serve until SIGTERM."""
    private.require_pinned_version()
    private.wrap("ministack.app._port_is_bindable", _except_https_port)
    judges = (iam, source_vpc, request_keys, reachability)
    for extension in (*judges, events, cloudformation, concurrency, ecs, not_yet, sagemaker, function_code):
        extension.register()
    hypercorn.asyncio.serve = functools.partial(hypercorn.asyncio.serve, shutdown_trigger=_end_when_told)
    ministack.app.main()


def _except_https_port(original: Callable[[str, int], bool]) -> Callable[[str, int], bool]:
    """The emulator also listens on 443 when it can: two local AWSs at once, or any other server, must not notice."""
    return lambda host, port: port != HTTPS_PORT and original(host, port)


async def _end_when_told() -> None:
    """End on SIGTERM: first what we started, then this process, at once.

    The server's own shutdown would wait half a minute for clients that keep a TLS connection open; there's nothing
    to save here. SageMaker's processes are tethered to this one and end with it.
    """
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    await told.wait()
    ecs.stop_all()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
