"""`python -m provision LAYER` brings .venv to a layer; `python -m provision FOLDER LOCK` makes an environment apart."""

import sys
from pathlib import Path

from provision import InstallError, layers
from provision.bootstrap import bring_uv
from provision.installer import make_environment


def main(arguments: list[str]) -> None:
    """Install what the arguments say; end with one sentence and status 1 when it can't be had."""
    try:
        match arguments:
            case [layer] if layer in layers.LAYERS:
                bring_uv()
                layers.install(layer)
            case [folder, lock]:
                make_environment(Path(folder), Path(lock))
            case _:
                sys.exit(f"usage: python -m provision {'|'.join(layers.LAYERS)}, or python -m provision FOLDER LOCK")
    except InstallError as error:
        sys.exit(f"atoll: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
