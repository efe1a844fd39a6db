"""`python -m provision` brings .venv to a layer, node_modules to its lock (`cli`), or makes an environment apart."""

import sys
from pathlib import Path

from provision import InstallError, cli, layers
from provision.alone import alone
from provision.bootstrap import bring_uv, require_home
from provision.installer import make_environment

USAGE = f"usage: python -m provision {'|'.join(layers.LAYERS)}|cli, or python -m provision FOLDER LOCK"


def main(arguments: list[str]) -> None:
    """Install what the arguments say; end with one sentence and status 1 when it can't be had or is interrupted."""
    try:
        require_home()
        with alone():
            provide(arguments)
    except InstallError as error:
        sys.exit(f"atoll: {error}")
    except KeyboardInterrupt:
        sys.exit("atoll: the set-up was interrupted; the next one goes on from here.")


def provide(arguments: list[str]) -> None:
    """Install what isn't in place; another `make` may have put it there since this one looked.

    Raises:
        InstallError: it can't be had.
    """
    match arguments:
        case ["cli"]:
            if not cli.is_in_place():
                cli.install()
        case [layer] if layer in layers.LAYERS:
            if not layers.is_in_place(layer):
                bring_uv()
                layers.install(layer)
        case [folder, lock]:
            make_environment(Path(folder), Path(lock))
        case _:
            sys.exit(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
