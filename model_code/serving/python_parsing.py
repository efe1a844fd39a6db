"""The parsers of `parsing` in Python: they word what is wrong with a body, and read where there is no library."""

import itertools
import math
import re

import numpy as np
import orjson

from model_code.arrays import LARGEST, Matrix
from model_code.errors import InputError

CSV_BYTES = b"0123456789+-.eE, \n"
"""All that numbers need. With nothing else in it (no bracket, no letter), a CSV body becomes JSON by its separators."""
EMPTY_FIELDS = ((b",,", b",null,"), (b",,", b",null,"), (b"[,", b"[null,"), (b",]", b",null]"), (b"[]", b"[null]"))
"""`,,` twice, for `,,,` overlaps. Five plain replacements are ten times as fast as one regular expression."""
NUMBER = re.compile(rb" *-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? *")
SHOWN = 40
"""Of a bad value, so many characters are sent back."""


def parse_csv(body: bytes, columns: list[str], first: int = 1) -> Matrix:
    """Return the rows of a CSV; the first one is named as `first`.

    Raises:
        InputError: no row, a row of another width, a field that is no number.
    """
    if not body:
        raise InputError(f"The body is empty; expected lines of {len(columns)} numbers separated by commas.")
    if body.endswith(b"\r"):  # who cuts a file of \r\n at its \n leaves this
        body += b"\n"
    body = body.replace(b"\r\n", b"\n").removesuffix(b"\n")
    if body.translate(None, CSV_BYTES):
        raise _bad_field(body, columns, first)
    array = b"[[" + body.replace(b"\n", b"],[") + b"]]"
    for empty, null in EMPTY_FIELDS:
        array = array.replace(empty, null)
    try:
        rows = orjson.loads(array)
    except orjson.JSONDecodeError:
        raise _bad_field(body, columns, first) from None
    _check_widths(rows, columns, first)
    return _finite(rows, columns, first)


def parse_json(body: bytes, columns: list[str], first: int = 1) -> Matrix:
    """Return the rows of an array of arrays, by itself or as the one member "instances".

    Raises:
        InputError: no JSON, another shape, a value that is no number.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"The body is no JSON: {error}.{_hint(body)}") from None
    rows = value["instances"] if isinstance(value, dict) and set(value) == {"instances"} else value
    return _matrix(rows, columns, first)


def _hint(body: bytes) -> str:
    return " JSON knows no NaN; send null where a value is missing." if b"NaN" in body else ""


def parse_json_lines(body: bytes, columns: list[str], first: int = 1) -> Matrix:
    """Return the rows of an array a line.

    Raises:
        InputError: as `parse_json`; it names the line.
    """
    rows = []
    for number, line in enumerate(body.removesuffix(b"\n").split(b"\n"), first):
        try:
            rows.append(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            raise InputError(f"Row {number} is no JSON: {error}.{_hint(line)}") from None
        if not isinstance(rows[-1], list):
            raise InputError(f"Row {number} is no array; expected a line [...] of {len(columns)} numbers.")
    return _matrix(rows, columns, first)


def _matrix(rows: object, columns: list[str], first: int) -> Matrix:
    if not isinstance(rows, list) or not rows or {type(row) for row in rows} != {list}:
        raise InputError('The body holds no rows; expected {"instances": [[...], ...]} or [[...], ...].')
    _check_widths(rows, columns, first)
    if not set(map(type, itertools.chain.from_iterable(rows))) <= {int, float, type(None)}:
        raise _bad_value(rows, columns, first)
    return _finite(rows, columns, first)


def _check_widths(rows: list[list], columns: list[str], first: int) -> None:
    if set(map(len, rows)) == {len(columns)}:
        return
    row, width = next((row, len(fields)) for row, fields in enumerate(rows, first) if len(fields) != len(columns))
    raise InputError(f"Row {row} has {width} columns; the model takes {len(columns)}: {', '.join(columns)}.")


def _bad_field(body: bytes, columns: list[str], first: int) -> InputError:
    rows = [line.split(b",") for line in body.split(b"\n")]
    try:
        _check_widths(rows, columns, first)
    except InputError as error:
        return error
    row, column, field = next(
        (row, column, field)
        for row, fields in enumerate(rows, first)
        for column, field in enumerate(fields)
        if field and not (NUMBER.fullmatch(field) and math.isfinite(float(field)))
    )
    hint = "; the body must not have a header" if row == 1 else ""
    return InputError(
        f"Row {row}, column {column + 1} ({columns[column]}): {field[:SHOWN].decode(errors='replace')!r} is no finite "
        f"number; leave the field empty where a value is missing{hint}."
    )


def _bad_value(rows: list[list[object]], columns: list[str], first: int) -> InputError:
    row, column, value = next(
        (row, column, value)
        for row, values in enumerate(rows, first)
        for column, value in enumerate(values)
        if type(value) not in {int, float, type(None)}
    )
    return InputError(
        f"Row {row}, column {column + 1} ({columns[column]}): {orjson.dumps(value)[:SHOWN].decode(errors='replace')} "
        "is no number; write null where a value is missing."
    )


def _finite(numbers: list[list], columns: list[str], first: int) -> Matrix:
    matrix = np.array(numbers, dtype=np.float64)
    for row, column in np.argwhere(np.abs(matrix) > LARGEST):
        raise InputError(
            f"Row {row + first}, column {column + 1} ({columns[column]}): {matrix[row, column]} is too large; "
            f"expected a number up to {LARGEST:.2g}."
        )
    return matrix
