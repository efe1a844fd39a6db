"""`python -m mlflow_server serve|migrate`: the entry point of the tracking server's image."""

import os
import sys

from mlflow_server.migrate import migrate
from mlflow_server.serve import serve
from mlflow_server.settings import MissingSettingError

COMMANDS = {"serve": serve, "migrate": migrate}


def main(arguments: list[str]) -> int:
    """Run the one command named in `arguments`; returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"Expected one of {', '.join(COMMANDS)}, but got {' '.join(arguments) or 'nothing'}.", file=sys.stderr)  # noqa: T201
        return 2
    try:
        return COMMANDS[arguments[0]](os.environ)
    except MissingSettingError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a container's log is its standard error
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
