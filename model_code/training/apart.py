"""A strange model's scores, taken by a process of its own: whatever that model does, the training isn't touched.

The archive in the champion channel is whatever the trainer put there. Its file is read by our reader first; should that
miss something, XGBoost breaks in a process that can write no file but its scores, start no other and take no more than
its share of memory and time, and that is gone before the training writes anything.

`python -m model_code.training.apart FEATURES ROWS MODEL_BYTES` is that process: the model, then the rows (float64) on
stdin; the scores (float32) on stdout, which is a file.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from typing import IO

import numpy as np

from model_code.algorithms import gradient_boosting
from model_code.arrays import Matrix, Vector
from model_code.boosters import load_booster
from model_code.errors import InputError
from model_code.orphans import end_with_parent
from model_code.python import own_environment, own_program
from model_code.serving.model_file import read_model

MEMORY_BYTES = 4 * 2**30
"""Of addresses, beyond what Python and XGBoost take and the rows."""
SECONDS, ROWS_A_SECOND = 120, 1_000
"""The slowest model that a training may make scores more rows in a second than that."""
BYTES_A_SCORE = 4


def score_apart(model: bytes, rows: Matrix) -> Vector:
    """Return the model's score of each row.

    Raises:
        InputError: it isn't a model, or its process didn't end with a probability for each row.
    """
    features = int(read_model(model)["learner"]["learner_model_param"]["num_feature"])
    if features != rows.shape[1]:
        raise InputError(f"The champion's model takes {features} features and its features.json names {rows.shape[1]}.")
    argv = own_program("model_code.training.apart", str(features), str(len(rows)), str(len(model)))
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as found:
        given.write(model)
        np.ascontiguousarray(rows, np.float64).tofile(given)
        given.seek(0)
        _run(argv, given, found, SECONDS + len(rows) / ROWS_A_SECOND)
        found.seek(0)
        content = found.read(BYTES_A_SCORE * len(rows) + 1)
    scores = np.frombuffer(content, np.float32) if len(content) == BYTES_A_SCORE * len(rows) else None
    if scores is None or not ((scores >= 0) & (scores <= 1)).all():
        raise InputError(f"The champion's model gave no probability for each of {len(rows):,} rows.")
    return scores


def _run(argv: list[str], given: IO[bytes], found: IO[bytes], seconds: float) -> None:
    try:
        done = subprocess.run(
            argv, check=False, stdin=given, stdout=found, stderr=subprocess.DEVNULL, env=own_environment(),
            timeout=seconds, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"The champion's model wasn't scored within {seconds:.0f} seconds.") from None
    if done.returncode:
        code = done.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        raise InputError(
            f"The champion's model ended the process that scored it ({how}); expected the archive of a released model."
        )


def main(features: int, rows: int, model_bytes: int) -> None:
    """Be the process: bounded before the first byte of the model is read."""
    end_with_parent()
    _bound(BYTES_A_SCORE * rows, MEMORY_BYTES + 2 * 8 * rows * features, int(SECONDS + rows / ROWS_A_SECOND))
    model = load_booster(sys.stdin.buffer.read(model_bytes))
    values = np.frombuffer(sys.stdin.buffer.read(), np.float64).reshape(rows, features)
    sys.stdout.buffer.write(gradient_boosting.score(model, values).astype(np.float32).tobytes())


def _bound(file_bytes: int, more_memory: int, seconds: int) -> None:
    pages = int(open("/proc/self/statm", encoding="ascii").read().split()[0])  # noqa: SIM115, PTH123 - the process ends
    memory = pages * os.sysconf("SC_PAGE_SIZE") + more_memory
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
