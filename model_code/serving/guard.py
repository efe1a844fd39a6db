"""What the server lets in without a word: the columns, bounds and vocabularies of the training rows (guard.json)."""

import ctypes
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model_code.arrays import Matrix
from model_code.errors import InputError
from model_code.native.library import GuardStruct

VERSION = 1


class Comparing(Protocol):
    """What of the native library a guard needs."""

    def unusual_rows(self, guard: GuardStruct, rows: Matrix) -> int:
        """Return how many rows hold an unusual value."""


class Guard:
    """Compares rows with what training saw.

    A value is unusual if it is missing where none was missing, further from the training's range than that is wide, or
    not among the values of a column that has few.
    """

    def __init__(self, facts: Mapping[str, Any], columns: list[str], library: Comparing | None) -> None:
        """Read guard.json's content.

        Raises:
            InputError: it isn't version 1 of ours, or is about other columns.
        """
        described = facts.get("columns")
        if facts.get("version") != VERSION or not isinstance(described, dict) or set(described) != set(columns):
            raise InputError(f"guard.json isn't version {VERSION} of ours for the columns {', '.join(columns)}.")
        self.columns = columns
        self.maximum_rows, self.maximum_bytes = int(facts["limits"]["rows"]), int(facts["limits"]["bytes"])
        self._library = library
        each = [described[name] for name in columns]
        self._minimum = np.array([column["minimum"] for column in each], np.float64)
        self._maximum = np.array([column["maximum"] for column in each], np.float64)
        self._missing_allowed = np.array([column["missing_allowed"] for column in each], np.bool_)
        words = [np.array(column["vocabulary"] or [], np.float64) for column in each]
        self._ends = np.cumsum([0, *map(len, words)]).astype(np.uint32)
        self._vocabulary = np.concatenate(words)
        arrays = (self._minimum, self._maximum, self._missing_allowed, self._ends, self._vocabulary)
        self._struct = GuardStruct(*(ctypes.c_void_p(array.ctypes.data) for array in arrays), columns=len(columns))

    def unusual_rows(self, rows: Matrix) -> int:
        """Return how many of these rows (C-contiguous) hold a value that training didn't see the like of."""
        if self._library:
            return self._library.unusual_rows(self._struct, rows)
        return int(self.unusual(rows).any(axis=1).sum())

    def unusual(self, rows: Matrix) -> NDArray[np.bool_]:
        """Return which values (rows x columns) training didn't see the like of."""
        missing = np.isnan(rows)
        found = np.where(missing, ~self._missing_allowed, ~((rows >= self._minimum) & (rows <= self._maximum)))
        for column in np.flatnonzero(np.diff(self._ends)):
            words = self._vocabulary[self._ends[column] : self._ends[column + 1]]
            found[:, column] |= ~missing[:, column] & ~np.isin(rows[:, column], words)
        return found

    def refuse(self, rows: Matrix) -> None:
        """Refuse rows with an unusual value.

        Raises:
            InputError: names the first row and column, and what training saw there.
        """
        for row, column in np.argwhere(self.unusual(rows))[:1]:
            words = self._vocabulary[self._ends[column] : self._ends[column + 1]].tolist()
            low, high = self._minimum[column], self._maximum[column]
            expected = f"one of {', '.join(f'{word:g}' for word in words)}" if words else f"from {low:g} to {high:g}"
            value = rows[row, column]
            found = "no value" if np.isnan(value) else f"{value:g}"
            also = " or none" if self._missing_allowed[column] else ""
            raise InputError(
                f"Row {row + 1}, column {column + 1} ({self.columns[column]}): {found} isn't like the training's; "
                f"expected {expected}{also}."
            )
