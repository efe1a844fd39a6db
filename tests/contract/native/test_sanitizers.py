"""The library in C, under AddressSanitizer and UndefinedBehaviorSanitizer."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model_code.native.build import compile_library
from model_code.serving.forest import flatten
from model_code.serving.kernel import Kernel
from tests.unit.model_code.native.compiled import compiled_library, needs_a_compiler
from tests.unit.model_code.serving.boosters import booster, values

ROOT = Path(__file__).resolve().parents[3]
FLAGS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
FEATURES = 6


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_a_compiler()
    return compile_library(*FLAGS, target=tmp_path_factory.mktemp("native") / "sanitized.so")


@pytest.fixture(scope="module", params=["reg:squarederror", "multi:softprob"])
def forest(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    flat = flatten(booster(9, request.param, FEATURES, max_depth=5, trees=8))
    rows = values(np.random.default_rng(9), 150, FEATURES)
    kernel = Kernel(compiled_library(), flat)
    file = tmp_path_factory.mktemp("forest") / "forest.npz"
    names = ("nodes", "roots", "depths", "outputs", "base_margins")
    arrays = {name: getattr(flat, name) for name in names}
    np.savez(file, rows=rows, margins=kernel._library.margins(kernel._struct, rows), **arrays)
    return file


def run(library: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    runtime = subprocess.run(
        [os.environ.get("CC", "cc"), "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    ).stdout.strip()
    environment = {
        "PATH": os.environ["PATH"],
        "LD_PRELOAD": runtime,
        "PYTHONMALLOC": "malloc",  # each bytes object in a block of its own, which the sanitizer watches
        "ASAN_OPTIONS": "detect_leaks=0",  # Python's own, at its end
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.contract.native.sanitized", str(library), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def test_no_body_and_no_row_makes_the_library_leave_its_memory(sanitized: Path, forest: Path) -> None:
    done = run(sanitized, str(forest))
    assert (done.returncode, done.stdout) == (0, "clean\n"), done.stderr[-3000:]


def test_the_sanitizer_sees_a_column_too_few(sanitized: Path, forest: Path) -> None:
    done = run(sanitized, str(forest), "overrun")
    assert done.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in done.stderr
