"""The library for tests that are about it."""

import functools
import os
import shutil
from pathlib import Path

import pytest

from model_code.native.build import compile_library, library_path
from model_code.native.library import Library


def needs_a_compiler() -> None:
    """Skip where there is none; in CI there is one, or the test fails."""
    if not (shutil.which(os.environ.get("CC", "cc")) or os.environ.get("CI")):
        pytest.skip("There is no C compiler here, and the library is optional; with one (apt install gcc) this runs.")


@functools.cache
def compiled_path() -> Path:
    return library_path() if library_path().exists() else compile_library()


def compiled_library() -> Library:
    needs_a_compiler()
    return Library(compiled_path())
