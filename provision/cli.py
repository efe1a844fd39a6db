"""The pinned CDK CLI: npm's lock holds hashes and no address, and `npm ci` installs it as it is."""

import os
import subprocess
import sys

from provision import InstallError, pip_settings
from provision.installer import PYTHON, ROOT, VENV

ASKED = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")
STAMP = ROOT / "node_modules" / ".ready"


def is_in_place() -> bool:
    """Say whether node_modules holds what its lock names, by the times of the files, as make does."""
    return STAMP.exists() and all(path.stat().st_mtime <= STAMP.stat().st_mtime for path in ASKED)


def install() -> None:
    """Bring node_modules to its lock, by the npm of .venv.

    Raises:
        InstallError: npm isn't there yet, or can't have what is locked.
    """
    npm = VENV / "bin" / "npm"
    if not npm.exists():
        raise InstallError("There is no .venv/bin/npm, which installs the CDK CLI. Run `make setup`.")
    sys.stderr.write("Installing the pinned CDK CLI\n")
    settings = pip_settings.ask_pip(PYTHON, os.environ)
    environment = {**pip_settings.for_npm(settings), **os.environ}
    command = [str(npm), "ci", "--loglevel=error"]  # its errors; what it counts at the end is no news
    if subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
        raise InstallError(
            "npm could not install what package-lock.json names; its own words are above. Is a registry reached?"
            " Behind a mirror, name it in npm's settings: .venv/bin/npm config set registry ADDRESS."
        )
    STAMP.touch()
