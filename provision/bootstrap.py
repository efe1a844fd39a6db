"""The venv and, in it, uv: the only package that pip installs, from a lock of one line, with nothing to decide."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from provision import InstallError
from provision.installer import HERE, PYTHON, UV, VENV

_LOCK = HERE / "uv.txt"


def require_home() -> None:
    """Look whether uv, npm and the CDK can keep their caches at home.

    Raises:
        InstallError: they can't write there.
    """
    home = Path.home()
    place = next(each for each in (home, *home.parents) if each.exists())
    if not os.access(place, os.W_OK):
        raise InstallError(
            f"HOME is {home}, where this user can't write; uv, npm and the CDK keep their caches there. Name a folder"
            " that can be written: make HOME=FOLDER ..."
        )


def bring_uv() -> None:
    """Make .venv where it isn't there or is broken, and install uv in it as it is locked.

    Raises:
        InstallError: this Python can make no environment, or uv can't be had.
    """
    if not _answers():
        _make_venv()
    locked = re.findall(r"^uv==(\S+)", _LOCK.read_text(encoding="utf-8"), re.MULTILINE)[0]
    if UV.exists() and list(VENV.glob(f"lib/python*/site-packages/uv-{locked}.dist-info")):
        return
    asked = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(_LOCK)]
    pip = [str(PYTHON), "-m", "pip", "install", "--no-user", "--quiet", "--disable-pip-version-check", *asked]
    if subprocess.run(pip, check=False).returncode:
        raise InstallError(
            f"pip could not install uv {locked}; its own words are above. Is a package index reached? Behind a mirror,"
            " name it in pip's settings: pip config set global.index-url ADDRESS."
        )


def _answers() -> bool:
    """Say whether .venv has an interpreter with pip that runs (an upgrade of the machine's Python can break it)."""
    if not PYTHON.exists():
        return False
    return subprocess.run([str(PYTHON), "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0


def _make_venv() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    try:
        import ensurepip  # noqa: F401, PLC0415 (Debian leaves it out of python3; venv would leave half an environment)
    except ImportError:
        raise InstallError(
            f"{sys.executable} (Python {version}) can make no environment: its module ensurepip is missing. On Debian"
            f" or Ubuntu install it with `apt-get install python{version}-venv`, or name another: make PYTHON=..."
        ) from None
    sys.stderr.write(f"Making {VENV.name} with Python {platform.python_version()}, and uv to install the rest\n")
    own = f"{sys.base_prefix}/bin/python{version}" if sys.prefix != sys.base_prefix else sys.executable
    if subprocess.run([own, "-m", "venv", "--clear", str(VENV)], check=False).returncode:
        raise InstallError(f"{own} could not make {VENV}; its own words are above.")
