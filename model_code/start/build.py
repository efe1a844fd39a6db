"""Compiling the first program. `python -m model_code.start.build TARGET [PYTHON]` is what the Dockerfile runs."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().with_name("start.c")
FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-static", "-Wall", "-Wextra", "-Wconversion", "-Werror")


def compile_start(target: Path, python: str | None = None) -> None:
    """Compile with `CC` (default `cc`); `python` is what the program becomes, if not the image's.

    Raises:
        subprocess.CalledProcessError: the compiler refuses; its own words are on stderr.
    """
    chosen = [f'-DATOLL_PYTHON="{python}"'] if python else []
    subprocess.run([os.environ.get("CC", "cc"), *FLAGS, *chosen, SOURCE, "-o", target], check=True)


if __name__ == "__main__":
    compile_start(Path(sys.argv[1]))
