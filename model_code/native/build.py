"""Compiling: one shared library, named by what it was made of, so that an old one is never taken for a new one."""

import hashlib
import os
import platform
import subprocess
import tempfile
from pathlib import Path

_ROOM = Path(__file__).resolve().parent
_BUILD = _ROOM.parent.parent / "build" / "native"
# No contraction: a fused multiply-add rounds once where XGBoost rounds twice. No -march: built here, run elsewhere.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra", "-Wconversion")


class NativeError(RuntimeError):
    """The library can't be had here. The message says why and what to do; nothing fails by it."""


def library_path() -> Path:
    """Return where the library of these sources, these flags and this kind of machine lies or would lie."""
    digest = hashlib.sha256(f"{FLAGS} {platform.system()} {platform.machine()}".encode())
    for source in sorted(_ROOM.glob("*.[ch]")):
        digest.update(source.read_bytes())
    return _BUILD / f"atoll-{digest.hexdigest()[:16]}.so"


def compile_library(*extra_flags: str, target: Path | None = None) -> Path:
    """Compile with `CC` (default `cc`) and return the library's path: `target`, or `library_path()`.

    Raises:
        NativeError: there is no compiler, or it refuses the sources.
    """
    target = target or library_path()
    target.parent.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:  # another process sees all of the file or none
        made = Path(folder) / target.name
        sources = [str(source) for source in sorted(_ROOM.glob("*.c"))]
        try:
            subprocess.run(
                [compiler, *FLAGS, *extra_flags, *sources, "-lm", "-o", str(made)],
                check=True,
                capture_output=True,
                text=True,
            )
        except FileNotFoundError:
            raise NativeError(f"There is no C compiler {compiler!r}; install gcc, or name one with CC=.") from None
        except subprocess.CalledProcessError as error:
            raise NativeError(f"{compiler} can't compile {_ROOM}: {error.stderr}") from None
        made.chmod(0o755)
        made.replace(target)
    return target
