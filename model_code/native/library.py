"""The compiled library as Python sees it. ctypes lets other threads run during every call."""

import ctypes
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_code.native.build import NativeError, library_path

MOST_FEATURES = 256
"""ATOLL_MOST_FEATURES of atoll.h."""
CATEGORY = 0x80000000
"""ATOLL_CATEGORY of atoll.h."""
NODE: np.dtype = np.dtype([("split", "<f4"), ("slot", "<u4"), ("left", "<u4"), ("leaf", "<f4")])
"""`struct atoll_node` of atoll.h; `set` lies in the bytes of `split`."""

_Bytes = ctypes.c_char * 1

logger = logging.getLogger(__name__)


class ForestStruct(ctypes.Structure):
    """`struct atoll_forest` of atoll.h. Its pointers don't keep the arrays alive."""

    _fields_ = (
        ("nodes", ctypes.c_void_p),
        ("roots", ctypes.c_void_p),
        ("depths", ctypes.c_void_p),
        ("outputs", ctypes.c_void_p),
        ("base_margins", ctypes.c_void_p),
        ("sets", ctypes.c_void_p),
        ("tree_count", ctypes.c_size_t),
        ("feature_count", ctypes.c_size_t),
        ("output_count", ctypes.c_size_t),
        ("transform", ctypes.c_uint32),
    )


class GuardStruct(ctypes.Structure):
    """`struct atoll_guard` of atoll.h. Its pointers don't keep the arrays alive."""

    _fields_ = (
        ("minimum", ctypes.c_void_p),
        ("maximum", ctypes.c_void_p),
        ("missing_allowed", ctypes.c_void_p),
        ("ends", ctypes.c_void_p),
        ("vocabulary", ctypes.c_void_p),
        ("columns", ctypes.c_size_t),
    )


class Unread(NamedTuple):
    """Where reading a body ended: the row (from 0) that isn't one, and the byte at which it begins."""

    row: int
    start: int


class Library:
    """The functions of atoll.h. Arrays are C-contiguous; their sizes are the caller's word."""

    def __init__(self, path: Path) -> None:
        """Load the library.

        Raises:
            NativeError: it isn't there, can't be loaded or doesn't read numbers as Python does.
        """
        if not path.exists():
            raise NativeError(f"{path} isn't there; `make native` compiles it.")
        try:
            loaded = ctypes.CDLL(str(path))
        except OSError as error:
            raise NativeError(f"{path} can't be loaded: {error}.") from None
        size, pointer = ctypes.c_size_t, ctypes.c_void_p
        self._scores, self._unusual_rows = loaded.atoll_scores, loaded.atoll_unusual_rows
        self._scores.argtypes, self._scores.restype = [pointer, pointer, size, pointer], None
        self._unusual_rows.argtypes, self._unusual_rows.restype = [pointer, pointer, size], size
        self._count = loaded.atoll_count
        self._count.argtypes, self._count.restype = [ctypes.c_char_p, size, ctypes.c_char], size
        self._parse_csv, self._parse_json = loaded.atoll_parse_csv, loaded.atoll_parse_json
        self._parse_json_lines = loaded.atoll_parse_json_lines
        for parse in (self._parse_csv, self._parse_json, self._parse_json_lines):
            parse.argtypes, parse.restype = [ctypes.c_char_p, size, size, size, pointer, pointer], ctypes.c_int64
        text = "-1.5,0.30000000000000004,7e-30,"  # a short number, two that need strtod (of a locale with a point)
        read = self.parse_csv(text.encode(), 4)
        if isinstance(read, Unread) or read.tolist()[0][:3] != [float(number) for number in text.split(",")[:3]]:
            raise NativeError(f"{path} doesn't read {text!r} as Python does.")

    def scores(self, forest: ForestStruct, rows: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return rows x outputs of margins or probabilities (the forest's `transform`), for rows x features."""
        found = np.empty((len(rows), forest.output_count), np.float32)
        self._scores(ctypes.byref(forest), _address(rows), len(rows), _address(found))
        return found

    def unusual_rows(self, guard: GuardStruct, rows: NDArray[np.float64]) -> int:
        """Return how many rows hold a value that training didn't see the like of."""
        return self._unusual_rows(ctypes.byref(guard), _address(rows), len(rows))

    def parse_csv(self, body: bytes, columns: int) -> NDArray[np.float64] | Unread:
        r"""Return the rows of a body of `columns` (at least 1) numbers a line, or where it is anything else."""
        # A row has at least its separators: a body of newlines alone asks for no more memory than it has bytes.
        most_rows = min(self._count(body, len(body), b"\n") + 1, (len(body) + 1) // columns)
        return self._parse(self._parse_csv, body, columns, most_rows)

    def parse_json(self, body: bytes, columns: int) -> NDArray[np.float64] | Unread:
        """Return the rows of an array of arrays (maybe as "instances"), or where it is anything else."""
        return self._parse(self._parse_json, body, columns, self._most_arrays(body, columns))

    def parse_json_lines(self, body: bytes, columns: int) -> NDArray[np.float64] | Unread:
        """Return the rows of an array a line, or where it is anything else."""
        return self._parse(self._parse_json_lines, body, columns, self._most_arrays(body, columns))

    def _most_arrays(self, body: bytes, columns: int) -> int:
        """Return the most arrays of so many numbers that fit the body: brackets, numbers and what separates them."""
        return min(self._count(body, len(body), b"["), len(body) // (2 * columns + 1))

    @staticmethod
    def _parse(function: Callable[..., int], body: bytes, columns: int, most_rows: int) -> NDArray[np.float64] | Unread:
        rows, start = np.empty((most_rows, columns)), ctypes.c_size_t()
        count = function(body, len(body), columns, most_rows, _address(rows), ctypes.byref(start))
        return rows[:count] if count > 0 else Unread(-1 - count, start.value)


def _address(array: Any) -> object:  # noqa: ANN401 - an array, whose buffer NumPy doesn't declare
    """Return what C takes for the address of an array; what NumPy has for it takes five times as long."""
    try:
        return _Bytes.from_buffer(array)
    except (TypeError, ValueError):  # read-only, or empty
        return array.ctypes.data


@functools.cache
def load_library() -> Library:
    """Return the library of these sources.

    Raises:
        NativeError: it can't be had here.
    """
    return Library(library_path())


@functools.cache
def optional_library() -> Library | None:
    """Return the library of these sources, or None (and why in the log, once)."""
    try:
        return load_library()
    except NativeError as error:
        logger.warning("going without the library in C", extra={"facts": {"reason": str(error)}})
        return None
