"""Where jsii, below the CDK, unpacks its packages: below a folder that nobody else can exchange.

jsii refuses its own place in ~/.cache where the group may write there: with the umask 002 that Debian, Ubuntu and Red
Hat give ordinary users, that's everybody. What lies in a place that is named to it, it runs, whosever it is.
"""

import os
import stat
from collections.abc import MutableMapping
from pathlib import Path

STICKY = Path("/var/tmp")  # noqa: S108 - whose the folder in it is, is looked at


def choose(environ: MutableMapping[str, str], sticky: Path = STICKY) -> None:
    """Name a cache of this user's in `sticky`; where it is another's, none: slower, and safe. What is named stays."""
    if "JSII_RUNTIME_PACKAGE_CACHE_ROOT" in environ:
        return
    folder = sticky / f"jsii-of-{os.getuid()}"
    if _is_ours(folder):
        environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(folder)
    else:
        environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE", "disabled")


def _is_ours(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
