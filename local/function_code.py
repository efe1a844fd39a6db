"""Unpacks the code of the local functions once: all workers of one bundle share a folder.

The emulator unpacks a bundle for each of its workers: 5,400 files and 97 MB, a second or two of processor time. On AWS
a function can't write to its code, so none can tell the difference; Python's byte code is made once, too.
"""

import hashlib
import os
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

from local import private

_unpacking = threading.Lock()


def register() -> None:
    """Have the emulator's workers unpack by `SharedCode`. Call once, before its main."""
    private.put(
        "ministack.core.lambda_runtime.zipfile",
        SimpleNamespace(ZipFile=SharedCode, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile),
    )


class SharedCode(zipfile.ZipFile):
    """A bundle whose `extractall` gives a link to the one copy of what it holds."""

    def extractall(  # the emulator names the place only
        self,
        path: str | os.PathLike[str] | None = None,
        members: object = None,  # noqa: ARG002
        pwd: object = None,  # noqa: ARG002
    ) -> None:
        """Put the link in the place of the empty folder `path`."""
        place = Path(str(path))
        place.rmdir()
        place.symlink_to(self._copy(), target_is_directory=True)

    def _copy(self) -> Path:
        digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        folder = Path(tempfile.gettempdir(), f"function-code-{digest}")
        with _unpacking:
            if not folder.exists():
                draft = tempfile.mkdtemp(prefix="function-code-")
                super().extractall(draft)
                Path(draft).rename(folder)
        return folder
