"""How far the rows that a model sees have moved from those it was trained on: the population stability index."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

WATCH = 0.1
ALARM = 0.25
FLOOR = 1e-4  # an empty bin counts as this share: the index's logarithm needs one

Status = Literal["quiet", "watch", "alarm"]


class RowError(ValueError):
    """A scored row does not have the baseline's columns."""


@dataclass(frozen=True)
class Drift:
    """The index of each feature over a number of rows."""

    rows: int
    features: Mapping[str, float]

    @property
    def largest(self) -> float:
        """The largest index; 0 without rows."""
        return max(self.features.values(), default=0.0)

    @property
    def status(self) -> Status:
        """Say what the largest index calls for: below .1 nothing, from .25 a person."""
        if self.largest >= ALARM:
            return "alarm"
        return "watch" if self.largest >= WATCH else "quiet"


def measure(rows: Iterable[Sequence[str]], columns: Sequence[str], baseline: Mapping[str, Mapping[str, Any]]) -> Drift:
    """Compare CSV rows with a training baseline, in one pass and constant memory.

    Each feature's values fall into its baseline's decile bins and one more for missing values (empty or NaN).

    Raises:
        RowError: a row has other columns than the model, or a cell that is no number.
    """
    edges = [baseline[name]["edges"] for name in columns]
    counts = [[0] * (len(inner) + 2) for inner in edges]
    total = 0
    for total, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise RowError(f"Row {total} has {len(row)} cells, the model has {len(columns)} features.")
        for count, inner, cell in zip(counts, edges, row, strict=True):
            count[_bin(inner, cell, total)] += 1
    indices = (
        {n: psi(shares(baseline[n]), count, total) for n, count in zip(columns, counts, strict=True)} if total else {}
    )
    return Drift(total, indices)


def _bin(edges: Sequence[float], cell: str, row: int) -> int:
    try:
        value = float(cell) if cell else math.nan
    except ValueError as error:
        raise RowError(f"Row {row} holds {cell!r:.40}, which is no number.") from error
    return len(edges) + 1 if math.isnan(value) else bisect_left(edges, value)


def shares(feature: Mapping[str, Any]) -> list[float]:
    """Return the baseline's share of all rows in each bin, that of missing values last."""
    present = 1 - feature["missing"] / feature["count"]
    return [share * present for share in feature["shares"]] + [1 - present]


def psi(expected: Sequence[float], counts: Sequence[int], total: int) -> float:
    """Return the population stability index of counts against expected shares: 0 when alike, never negative."""
    pairs = [(max(e, FLOOR), max(c / total, FLOOR)) for e, c in zip(expected, counts, strict=True)]
    return sum((actual - reference) * math.log(actual / reference) for reference, actual in pairs)
