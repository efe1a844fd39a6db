"""Request bodies to rows, strictly: rows in == rows out; what is bad is named by row and column (from 1).

The library in C reads text, and says of a bad body where its first bad row begins; Python words what is wrong there.
Without the library Python reads everything (`python_parsing`).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from model_code.arrays import LARGEST, Matrix
from model_code.errors import InputError
from model_code.native.library import Library, Unread, optional_library
from model_code.serving import python_parsing

EXPLAINED_BYTES = 64 * 1024
"""Of a bad row, so much is looked at: enough for 256 numbers, too little to keep /ping waiting."""
NPY = re.compile(
    rb"\{'descr': '([<>|]?[fiu][1248])', 'fortran_order': (True|False), 'shape': \((\d{1,9}), (\d{1,9})\), \} *\n"
)
"""The header that NumPy writes for a matrix of numbers. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"""
NPY_BEGINS, NPY_PREFIX = b"\x93NUMPY\x01\x00", 10


class Text(NamedTuple):
    """How a body of text is read: by the library, by Python, and how long a row of it reaches."""

    parse: Callable[[Library, bytes, int], Matrix | Unread]
    in_python: Callable[[bytes, list[str], int], Matrix]
    row_ends: bytes
    row_opens: bytes
    row_closes: bytes


_CSV = Text(Library.parse_csv, python_parsing.parse_csv, b"\n", b"", b"")
_JSON = Text(Library.parse_json, python_parsing.parse_json, b"]", b"[", b"]]")
_JSON_LINES = Text(Library.parse_json_lines, python_parsing.parse_json_lines, b"\n", b"", b"")


def parse_csv(body: bytes, columns: list[str]) -> Matrix:
    r"""Return the rows of a headerless CSV: numbers as in JSON, lines end with \n or \r\n, an empty field is missing.

    Raises:
        InputError: no row, a row of another width, a field that is no number.
    """
    return _parse(_CSV, body, columns)


def parse_json(body: bytes, columns: list[str]) -> Matrix:
    """Return the rows of `{"instances": [[...]]}` or of a bare array of arrays (null is a missing value).

    Raises:
        InputError: no JSON, another shape, a value that is no number.
    """
    return _parse(_JSON, body, columns)


def parse_json_lines(body: bytes, columns: list[str]) -> Matrix:
    """Return the rows of a body with an array of numbers a line (null is a missing value).

    Raises:
        InputError: as `parse_json`.
    """
    return _parse(_JSON_LINES, body, columns)


def parse_npy(body: bytes, columns: list[str]) -> Matrix:
    """Return the rows of a NumPy file (version 1) of one matrix of numbers; NaN is a missing value.

    Only the header that NumPy itself writes is taken, and nothing of it is evaluated: no object, no pickle, no archive.

    Raises:
        InputError: another file, another width, a number that isn't finite or is too large.
    """
    header = NPY.fullmatch(body, NPY_PREFIX, _npy_data(body)) if body.startswith(NPY_BEGINS) else None
    if not header:
        raise InputError("The body is no NumPy file of a matrix of numbers; expected what numpy.save writes of one.")
    try:
        kind = np.dtype(header[1].decode())
    except TypeError:
        raise InputError(f"NumPy knows no numbers of the kind {header[1].decode()!r}; expected <f8 or <f4.") from None
    rows, width, data = int(header[3]), int(header[4]), _npy_data(body)
    if width != len(columns) or not rows:
        raise InputError(
            f"The matrix is {rows} x {width}; the model takes at least 1 row of {len(columns)}: {', '.join(columns)}."
        )
    if len(body) - data != rows * width * kind.itemsize:
        raise InputError(
            f"The body has {len(body) - data} bytes of numbers; {rows} x {width} of {kind} have "
            f"{rows * width * kind.itemsize}."
        )
    order = "F" if header[2] == b"True" else "C"
    matrix = np.frombuffer(body, kind, offset=data).reshape((rows, width), order=order)
    return check_finite(np.ascontiguousarray(matrix, np.float64), columns)


def _npy_data(body: bytes) -> int:
    """Return where a NumPy file's header ends."""
    return NPY_PREFIX + int.from_bytes(body[8:NPY_PREFIX], "little")


def check_finite(matrix: Matrix, columns: list[str]) -> Matrix:
    """Return the matrix.

    Raises:
        InputError: a number in it is infinite or larger than XGBoost takes.
    """
    if not (np.abs(matrix) > LARGEST).any():
        return matrix
    row, column = np.argwhere(np.abs(matrix) > LARGEST)[0]
    raise InputError(
        f"Row {row + 1}, column {column + 1} ({columns[column]}): {matrix[row, column]} is too large; "
        f"expected a number up to {LARGEST:.2g}."
    )


def _parse(text: Text, body: bytes, columns: list[str]) -> Matrix:
    library = optional_library()
    if not library:
        return text.in_python(body, columns, 1)
    rows = text.parse(library, body, len(columns))
    if not isinstance(rows, Unread):
        return rows
    if len(body) <= EXPLAINED_BYTES:
        return text.in_python(body, columns, 1)
    raise _explain(text, body, columns, rows)


def _explain(text: Text, body: bytes, columns: list[str], unread: Unread) -> InputError:
    """Return what is wrong with the first bad row of a body that is too long to be read again."""
    start = unread.start
    end = body.find(text.row_ends, start, start + EXPLAINED_BYTES)
    if end >= 0:
        row = text.row_opens + body[start:end] + text.row_closes
        try:
            text.in_python(row, columns, unread.row + 1)
        except InputError as error:
            if str(error).startswith("Row"):
                return error
    return InputError(
        f"Row {unread.row + 1} (from byte {start + 1} on) is no row of {len(columns)} numbers; the model takes "
        f"{', '.join(columns)}."
    )
