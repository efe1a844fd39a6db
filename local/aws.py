"""`python -m local.aws`: the emulator with Atoll's extensions, in the foreground. `local.cloud.LocalCloud` starts it.

Its settings come from the environment, as the emulator's own do (see `local.cloud`).
"""

from collections.abc import Callable

import ministack.app

from local import cloudformation, ecs, events, iam, private, sagemaker

HTTPS_PORT = 443


def main() -> None:
    """Register the extensions, then serve until SIGTERM."""
    private.require_pinned_version()
    private.wrap("ministack.app._port_is_bindable", _except_https_port)
    for extension in (iam, events, cloudformation, ecs, sagemaker):
        extension.register()
    try:
        ministack.app.main()
    finally:
        ecs.stop_all()


def _except_https_port(original: Callable[[str, int], bool]) -> Callable[[str, int], bool]:
    """The emulator also listens on 443 when it can: two local AWSs at once, or any other server, must not notice."""
    return lambda host, port: port != HTTPS_PORT and original(host, port)


if __name__ == "__main__":
    main()
