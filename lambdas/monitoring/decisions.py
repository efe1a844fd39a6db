"""How far the rows that a model sees have moved from those it was trained on: the population stability index."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

WATCH = 0.1
ALARM = 0.25
FLOOR = 1e-4  # an empty bin counts as this share: the index's logarithm needs one

Status = Literal["quiet", "watch", "alarm"]


class CountError(ValueError):
    """The counts of a scoring aren't those of its model's features and bins."""


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


def measure(rows: int, counts: Mapping[str, Sequence[int]], baseline: Mapping[str, Mapping[str, Any]]) -> Drift:
    """Compare how many rows lie in each bin with a training baseline; without rows there is nothing to compare.

    Raises:
        CountError: other features or bins than the baseline's, or counts that don't add up to the rows.
    """
    if set(counts) != set(baseline):
        raise CountError(
            f"The scoring counted other features than the model has: {_some(set(counts) ^ set(baseline))}."
        )
    expected = {name: shares(feature) for name, feature in baseline.items()}
    for name, count in counts.items():
        if (len(count), sum(count)) != (len(expected[name]), rows):
            raise CountError(
                f"The scoring counted {sum(count)} rows in {len(count)} bins of {name}; expected {rows} rows in "
                f"{len(expected[name])}."
            )
    return Drift(rows, {name: psi(expected[name], counts[name], rows) for name in baseline} if rows else {})


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:3])


def shares(feature: Mapping[str, Any]) -> list[float]:
    """Return the baseline's share of all rows in each bin, that of missing values last."""
    present = 1 - feature["missing"] / feature["count"]
    return [share * present for share in feature["shares"]] + [1 - present]


def psi(expected: Sequence[float], counts: Sequence[int], total: int) -> float:
    """Return the population stability index of counts against expected shares: 0 when alike, never negative."""
    pairs = [(max(e, FLOOR), max(c / total, FLOOR)) for e, c in zip(expected, counts, strict=True)]
    return sum((actual - reference) * math.log(actual / reference) for reference, actual in pairs)
