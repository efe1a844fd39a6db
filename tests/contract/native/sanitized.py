"""Runs in a process with a sanitizer: `python -m tests.contract.native.sanitized <library> <forest.bin> [overrun]`.

It needs NumPy and no XGBoost, so that what the sanitizer sees is ours.
"""

import dataclasses
import random
import struct
import sys
from pathlib import Path

import numpy as np

from model_code.native.library import GuardStruct, Library
from model_code.serving.forest import HEADER, Forest, UnsupportedModelError
from model_code.serving.kernel import Kernel, agreeing_kernel

BODIES, FILES = 3_000, 2_000
PIECES = [b"", b"0", b"9" * 30, b".", b"e", b"-", b",", b" ", b"\n", b"\r\n", b"\r", b"nan", b"0x1p3", b"\0", b"1e-400",
          b"[", b"]", b"]]", b"{", b'{"instances":', b"null", b"nul"]  # fmt: skip
ARRAYS = ("nodes", "roots", "depths", "outputs", "base_margins", "sets", "probes", "probe_scores")


def apart(forest: Forest) -> Forest:
    """Give each array memory of exactly its size, which the sanitizer watches."""
    return dataclasses.replace(forest, **{name: np.array(getattr(forest, name)) for name in ARRAYS})


def score(library: Library, forest: Forest, *, overrun: int) -> None:
    """Score one more row at a time; `overrun` features are promised and not there."""
    for count in range(len(forest.probes) + 1):
        few = dataclasses.replace(forest, probes=forest.probes[:count], probe_scores=forest.probe_scores[:count])
        agreeing_kernel(library, apart(few), few.probes.astype(np.float64), few.probe_scores)
    kernel = Kernel(library, apart(forest))
    kernel._struct.feature_count += overrun
    library.scores(kernel._struct, forest.probes.astype(np.float64))


def read(library: Library) -> None:
    """Read good and mutated bodies, each in memory of exactly its size."""
    chance = random.Random(7)  # noqa: S311 - a fuzzer's seed
    for _ in range(BODIES):
        rows = [[repr(chance.gauss(0, 1)) for _ in range(3)] for _ in range(chance.randint(1, 3))]
        lines = [",".join(row) for row in rows]
        arrays = [f"[{line}]" for line in lines]
        array = f"[{','.join(arrays)}]"
        bodies = ["\n".join(lines), "\n".join(arrays), array, f'{{"instances": {array}}}']
        body = bytearray(chance.choice(bodies).encode())
        for _ in range(chance.randint(0, 3)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 3)] = chance.choice(PIECES)
        cut = bytes(body[: chance.randint(1, len(body))] if body else b"")
        for parse in (library.parse_csv, library.parse_json, library.parse_json_lines):
            parse(cut, chance.randint(1, 4))


def load(library: Library, content: bytes) -> None:
    """Load mutated files: each is refused, or scores rows within its memory."""
    chance = random.Random(8)  # noqa: S311 - a fuzzer's seed
    taken = 0
    for _ in range(FILES):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            at = chance.choice([chance.randrange(0, HEADER.size), chance.randrange(len(changed) - 4)])
            value = chance.choice([0, 1, 2, 255, 0x80000000, 0x7FC00000, 0xFFFFFFFF, chance.getrandbits(32)])
            changed[at & ~3 : (at & ~3) + 4] = struct.pack("<I", value)
        try:
            forest = Forest.from_bytes(bytes(changed))
        except UnsupportedModelError:
            continue
        taken += 1
        Kernel(library, apart(forest)).predict(np.random.default_rng(taken).normal(size=(70, forest.feature_count)) * 9)
    if not taken:
        sys.exit("No mutated file was taken; expected some that reach the kernel.")


def compare(library: Library) -> None:
    """Look for unusual values with a vocabulary in one of two columns."""
    bounds, words = np.array([-1.0, 0.0]), np.array([0.0, 1.0])
    allowed, ends = np.array([True, False]), np.array([0, 0, 2], np.uint32)
    arrays = (bounds, bounds + 2, allowed, ends, words)
    struct_ = GuardStruct(*(array.ctypes.data for array in arrays), columns=2)
    rows = np.array([[0, 1], [np.nan, 0], [2, 0], [0, 0.5], [0, np.nan], [np.inf, -np.inf]])
    if library.unusual_rows(struct_, rows) != 4:
        sys.exit("Other rows are unusual than without a sanitizer.")


if __name__ == "__main__":
    path, file, *overruns = sys.argv[1:]
    tested = Library(Path(path))
    read(tested)
    compare(tested)
    load(tested, Path(file).read_bytes())
    score(tested, Forest.from_bytes(Path(file).read_bytes()), overrun=len(overruns))
    sys.stdout.write("clean\n")
