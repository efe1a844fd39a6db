"""Runs in a process with a sanitizer: `python -m tests.contract.native.sanitized <library> <forest.npz> [overrun]`.

It needs NumPy and no XGBoost, so that what the sanitizer sees is ours.
"""

import random
import sys
from pathlib import Path

import numpy as np

from model_code.native.library import ForestStruct, Library

BODIES = 3_000
PIECES = [b"", b"0", b"9" * 30, b".", b"e", b"-", b",", b" ", b"\n", b"\r\n", b"\r", b"nan", b"0x1p3", b"\0", b"1e-400"]


def score(library: Library, saved: dict[str, np.ndarray], *, overrun: int) -> None:
    """Score one more row at a time, and compare with what was saved; `overrun` columns are promised and not there."""
    arrays = [np.array(saved[name]) for name in ("nodes", "roots", "depths", "outputs", "base_margins")]
    sizes = (len(saved["roots"]), saved["rows"].shape[1] + overrun, len(saved["base_margins"]))
    struct = ForestStruct(*(array.ctypes.data for array in arrays), *sizes)
    for count in range(1, len(saved["rows"]) + 1):
        margins = library.margins(struct, np.array(saved["rows"][:count]))
        if not np.array_equal(margins, saved["margins"][:count]):
            sys.exit(f"{count} rows have other margins than without a sanitizer.")
    library.sigmoid(margins.copy())
    library.softmax(margins)


def read(library: Library) -> None:
    """Read good and mutated bodies, each in memory of exactly its size."""
    chance = random.Random(7)  # noqa: S311 - a fuzzer's seed
    for _ in range(BODIES):
        rows = [[repr(chance.gauss(0, 1)) for _ in range(3)] for _ in range(chance.randint(1, 3))]
        body = bytearray("\n".join(map(",".join, rows)).encode())
        for _ in range(chance.randint(0, 3)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 3)] = chance.choice(PIECES)
        library.parse_csv(bytes(body[: chance.randint(1, len(body))] if body else b""), chance.randint(1, 4))


if __name__ == "__main__":
    path, forest, *overrun = sys.argv[1:]
    tested = Library(Path(path))
    read(tested)
    score(tested, dict(np.load(forest)), overrun=len(overrun))
    sys.stdout.write("clean\n")
