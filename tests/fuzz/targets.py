"""One target for each door: it takes any bytes, and fails when a promise doesn't hold."""

import functools
import struct
from collections.abc import Callable

import numpy as np

from model_code.errors import InputError
from model_code.native.library import Library, Unread, load_library
from model_code.serving import parsing, python_parsing
from model_code.serving.flatten import flatten
from model_code.serving.forest import Forest, UnsupportedModelError
from model_code.serving.kernel import Kernel
from model_code.serving.requests import Request
from model_code.serving.tree_checks import ARRAYS

COLUMNS = ["amount", "hour", "age"]
Target = Callable[[bytes], None]


class BrokenPromiseError(AssertionError):
    """A finding."""


def promise(holds: object, sentence: str) -> None:
    """Fail unless it holds."""
    if not holds:
        raise BrokenPromiseError(sentence)


def verdict(read: Callable[[bytes, list[str]], np.ndarray], body: bytes) -> np.ndarray | None:
    """Return the rows, or None where the body is refused with a sentence."""
    try:
        rows = read(body, COLUMNS)
    except InputError as error:
        promise(str(error), "A refusal says why.")
        return None
    promise(rows.shape[1] == len(COLUMNS) and len(rows), "Rows have the model's width.")
    promise(not np.isinf(rows).any(), "No infinite number reaches the model.")
    return rows


def both_readers(name: str, body: bytes) -> None:
    """Read a body with the library and with Python: one verdict, the same numbers."""
    expected = verdict(getattr(python_parsing, name), body)
    found = getattr(Library, name)(load_library(), body, len(COLUMNS))
    if expected is None:
        promise(isinstance(found, Unread), "The library takes nothing that Python refuses.")
    else:
        promise(not isinstance(found, Unread), "The library takes what Python takes.")
        promise(np.array_equal(found, expected, equal_nan=True), "Both read the same numbers.")


def npy(body: bytes) -> None:
    """Read a NumPy file."""
    rows = verdict(parsing.parse_npy, body)
    promise(rows is None or rows.nbytes <= 8 * len(body), "A file gives no more numbers than it has bytes.")


def headers(content: bytes) -> None:
    """Understand headers and a query: three lines and the rest."""
    lines = [*content.split(b"\n", 4), b"", b"", b"", b""]
    given = dict(zip((b"content-type", b"accept", b"x-amzn-sagemaker-custom-attributes"), lines, strict=False))
    try:
        Request.of(given, lines[3], b"x-atoll-caller")
    except InputError as error:
        promise(str(error), "A refusal says why.")


def forest(content: bytes) -> None:
    """Load a model file and, if it is taken, walk it."""
    try:
        taken = Forest.from_bytes(content)
    except UnsupportedModelError:
        return
    scores = Kernel(load_library(), taken).predict(np.random.default_rng(0).normal(size=(20, taken.feature_count)))
    promise(len(scores) == 20, "Rows in, scores out.")


CHANGE = struct.Struct("<BBHi")
"""One number in a model: which tree, which array, which place, what instead."""
ROWS = np.random.default_rng(0).integers(-1, 50, (8, 4)).astype(np.float64)


def model(content: bytes) -> None:
    """Load a model file; what our reader takes, XGBoost survives, and it scores as the flat forest does."""
    try:
        taken = flatten(content)
    except (InputError, UnsupportedModelError):
        return
    from model_code.boosters import load_booster  # noqa: PLC0415 - XGBoost, which other targets do without

    loaded = load_booster(content)
    rows = np.resize(ROWS, (8, taken.feature_count))
    scores = np.atleast_2d(loaded.inplace_predict(rows).T).T
    promise(scores.shape[0] == len(rows), "Rows in, scores out.")
    found = np.atleast_2d(Kernel(load_library(), taken).predict(rows).T).T
    promise(np.allclose(found, scores, rtol=0, atol=1e-5, equal_nan=True), "XGBoost and the kernel walk alike.")


@functools.cache
def small_model() -> bytes:
    """Return a file with all that a model can have."""
    from tests.unit.model_code.serving.crafted import genuine  # noqa: PLC0415 - the same

    return genuine(1)


def model_numbers(changes: bytes) -> None:
    """Change numbers of a good model, as many as the input has, and load that."""
    from tests.unit.model_code.serving.crafted import dumps, model_of, thawed  # noqa: PLC0415 - the same

    document = thawed(small_model())
    trees = model_of(document)["trees"]
    for tree, field, place, value in CHANGE.iter_unpack(changes[: len(changes) // CHANGE.size * CHANGE.size]):
        array = trees[tree % len(trees)][sorted(ARRAYS)[field % len(ARRAYS)]]
        if len(array):
            array[place % len(array)] = value if array.dtype.kind != "u" else value % 256
    model(dumps(document))


TARGETS: dict[str, Target] = {
    "csv": functools.partial(both_readers, "parse_csv"),
    "json": functools.partial(both_readers, "parse_json"),
    "json_lines": functools.partial(both_readers, "parse_json_lines"),
    "npy": npy,
    "headers": headers,
    "forest": forest,
    "model": model,
    "model_numbers": model_numbers,
}
