"""The library in C, under AddressSanitizer and UndefinedBehaviorSanitizer."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xgboost

from model_code.native.build import compile_library
from model_code.training.packaging import pack_forest
from tests.unit.model_code.native.compiled import needs_a_compiler
from tests.unit.model_code.serving.boosters import booster

ROOT = Path(__file__).resolve().parents[3]
FLAGS = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
FEATURES = 6


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_a_compiler()
    return compile_library(*FLAGS, target=tmp_path_factory.mktemp("native") / "sanitized.so")


def by_category() -> xgboost.Booster:
    rows = np.random.default_rng(9).integers(0, 70, (300, FEATURES)).astype(np.float64)
    data = xgboost.DMatrix(rows, rows[:, 0] % 2, feature_types=["c"] * FEATURES, enable_categorical=True)
    return xgboost.train({"objective": "binary:logistic", "max_cat_to_onehot": 1, "nthread": 1}, data, 4)


MODELS = {
    "a number": lambda: booster(9, "reg:squarederror", FEATURES, max_depth=5, trees=8),
    "classes": lambda: booster(9, "multi:softprob", FEATURES, max_depth=5, trees=8),
    "categories": by_category,
}


@pytest.fixture(scope="module", params=sorted(MODELS))
def forest(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    file = tmp_path_factory.mktemp("forest") / "forest.bin"
    file.write_bytes(pack_forest(MODELS[request.param]()))
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


def test_no_body_no_row_and_no_file_makes_the_library_leave_its_memory(sanitized: Path, forest: Path) -> None:
    done = run(sanitized, str(forest))
    assert (done.returncode, done.stdout) == (0, "clean\n"), done.stderr[-3000:]


def test_the_sanitizer_sees_a_column_too_few(sanitized: Path, forest: Path) -> None:
    done = run(sanitized, str(forest), "overrun")
    assert done.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in done.stderr
