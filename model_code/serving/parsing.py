"""Request bodies to rows, strictly: rows in == rows out; what is bad is named by row and column (from 1).

CSV is read by the library in C where it is there. It says only whether a body is good; of a bad one, and without the
library, the parser in Python says the rest.
"""

import functools
import itertools
import logging
import math
import re

import numpy as np
import orjson

from model_code.arrays import LARGEST, Matrix
from model_code.errors import InputError
from model_code.native.build import NativeError
from model_code.native.library import Library, load_library

CSV_BYTES = b"0123456789+-.eE, \n"
"""All that numbers need. With nothing else in it (no bracket, no letter), a CSV body becomes JSON by its separators."""
EMPTY_FIELDS = ((b",,", b",null,"), (b",,", b",null,"), (b"[,", b"[null,"), (b",]", b",null]"), (b"[]", b"[null]"))
"""`,,` twice, for `,,,` overlaps. Five plain replacements are ten times as fast as one regular expression."""
NUMBER = re.compile(rb" *-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? *")

logger = logging.getLogger(__name__)


def parse_csv(body: bytes, columns: list[str]) -> Matrix:
    r"""Return the rows of a headerless CSV: numbers as in JSON, lines end with \n or \r\n, an empty field is missing.

    Raises:
        InputError: no row, a row of another width, a field that is no number.
    """
    library = _library()
    rows = library.parse_csv(body, len(columns)) if library else None
    return parse_csv_in_python(body, columns) if rows is None else rows


@functools.cache
def _library() -> Library | None:
    try:
        return load_library()
    except NativeError as error:
        logger.warning("reading CSV in Python", extra={"facts": {"reason": str(error)}})
        return None


def parse_csv_in_python(body: bytes, columns: list[str]) -> Matrix:
    """Do what `parse_csv` does, without the library.

    Raises:
        InputError: as `parse_csv`.
    """
    if not body:
        raise InputError(f"The body is empty; expected lines of {len(columns)} numbers separated by commas.")
    body = body.replace(b"\r\n", b"\n").removesuffix(b"\n")
    if body.translate(None, CSV_BYTES):
        raise _bad_field(body, columns)
    array = b"[[" + body.replace(b"\n", b"],[") + b"]]"
    for empty, null in EMPTY_FIELDS:
        array = array.replace(empty, null)
    try:
        rows = orjson.loads(array)
    except orjson.JSONDecodeError:
        raise _bad_field(body, columns) from None
    _check_widths(rows, columns)
    return _finite(rows, columns)


def parse_json(body: bytes, columns: list[str]) -> Matrix:
    """Return the rows of `{"instances": [[...]]}` or of a bare array of arrays (null is a missing value).

    Raises:
        InputError: no JSON, another shape, a value that is no number.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"The body is no JSON: {error}") from None
    rows = value.get("instances") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not rows or {type(row) for row in rows} != {list}:
        raise InputError('The body holds no rows; expected {"instances": [[...], ...]} or [[...], ...].')
    _check_widths(rows, columns)
    if not set(map(type, itertools.chain.from_iterable(rows))) <= {int, float, type(None)}:
        raise _bad_value(rows, columns)
    return _finite(rows, columns)


def _check_widths(rows: list[list], columns: list[str]) -> None:
    if set(map(len, rows)) == {len(columns)}:
        return
    row, width = next((row, len(fields)) for row, fields in enumerate(rows, 1) if len(fields) != len(columns))
    raise InputError(f"Row {row} has {width} columns; the model takes {len(columns)}: {', '.join(columns)}.")


def _bad_field(body: bytes, columns: list[str]) -> InputError:
    rows = [line.split(b",") for line in body.split(b"\n")]
    try:
        _check_widths(rows, columns)
    except InputError as error:
        return error
    row, column, field = next(
        (row, column, field)
        for row, fields in enumerate(rows, 1)
        for column, field in enumerate(fields)
        if field and not (NUMBER.fullmatch(field) and math.isfinite(float(field)))
    )
    hint = "; the body must not have a header" if row == 1 else ""
    return InputError(
        f"Row {row}, column {column + 1} ({columns[column]}): {field[:40].decode(errors='replace')!r} is no finite "
        f"number; leave the field empty where a value is missing{hint}."
    )


def _bad_value(rows: list[list[object]], columns: list[str]) -> InputError:
    row, column, value = next(
        (row, column, value)
        for row, values in enumerate(rows, 1)
        for column, value in enumerate(values)
        if type(value) not in {int, float, type(None)}
    )
    return InputError(
        f"Row {row}, column {column + 1} ({columns[column]}): {orjson.dumps(value)[:40].decode(errors='replace')} "
        "is no number; write null where a value is missing."
    )


def _finite(numbers: list[list], columns: list[str]) -> Matrix:
    matrix = np.array(numbers, dtype=np.float64)
    for row, column in np.argwhere(np.abs(matrix) > LARGEST):
        raise InputError(
            f"Row {row + 1}, column {column + 1} ({columns[column]}): {matrix[row, column]} is too large; "
            f"expected a number up to {LARGEST:.2g}."
        )
    return matrix
