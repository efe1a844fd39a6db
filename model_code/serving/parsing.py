"""Request bodies to rows, strictly: rows in == rows out; what is bad is named by row and column (from 1)."""

import itertools
import re

import numpy as np
import orjson

from model_code.algorithms.gradient_boosting import Matrix
from model_code.errors import InputError

CSV_BYTES = b"0123456789+-.eE, \r\n"
"""All that numbers need: with nothing else in it, float() can't take nan, inf, 1_000 or other digits for a number."""


def parse_csv(body: bytes, columns: list[str]) -> Matrix:
    r"""Return the rows of a headerless CSV (lines end with \n or \r\n; an empty field is a missing value).

    Raises:
        InputError: no row, a row of another width, a field that is no number.
    """
    if not body:
        raise InputError(f"The body is empty; expected lines of {len(columns)} numbers separated by commas.")
    body = body.replace(b"\r\n", b"\n").removesuffix(b"\n")
    rows = [line.split(b",") for line in body.split(b"\n")]
    _check_widths(rows, columns)
    numbers = None if body.translate(None, CSV_BYTES) else _numbers(rows)
    if numbers is None:
        raise _bad_field(rows, columns)
    return _finite(numbers, columns)


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


def _numbers(rows: list[list[bytes]]) -> list[list[float]] | None:
    try:
        return [[float(field) if field else np.nan for field in row] for row in rows]
    except ValueError:
        return None


NUMBER = re.compile(rb" *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)? *")


def _bad_field(rows: list[list[bytes]], columns: list[str]) -> InputError:
    for row, fields in enumerate(rows, 1):
        for column, field in enumerate(fields):
            if field and not NUMBER.fullmatch(field):
                shown = field[:40].decode(errors="replace")
                hint = "; the body must not have a header" if row == 1 else ""
                return InputError(
                    f"Row {row}, column {column + 1} ({columns[column]}): {shown!r} is no number; "
                    f"leave the field empty where a value is missing{hint}."
                )
    return InputError("The body holds something that is no number.")


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
    with np.errstate(over="ignore"):
        matrix = np.array(numbers, dtype=np.float64).astype(np.float32)
    if np.isinf(matrix).any():
        row, column = (int(index) for index in np.argwhere(np.isinf(matrix))[0])
        raise InputError(
            f"Row {row + 1}, column {column + 1} ({columns[column]}): {numbers[row][column]} is too large; "
            "expected a finite number below 3.4e38."
        )
    return matrix
