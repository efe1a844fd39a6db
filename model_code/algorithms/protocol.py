"""What every algorithm takes and offers, so that an evaluation can put any of them side by side."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol, TypeVar

from model_code.arrays import Matrix, Vector


@dataclasses.dataclass(frozen=True)
class Labelled:
    """Rows with what they turned out to be (1 anomaly, 0 not)."""

    rows: Matrix
    labels: Vector


class Scorer(Protocol):
    """Something that has learnt."""

    def score(self, rows: Matrix) -> Vector:
        """Return a number for each row, higher for what looks more like an anomaly."""


Learnt_co = TypeVar("Learnt_co", bound=Scorer, covariant=True)


class Algorithm(Protocol[Learnt_co]):
    """Something that can learn from labelled rows; one without a use for labels ignores them."""

    def fit(self, train: Labelled, validation: Labelled, columns: Sequence[str]) -> Learnt_co:
        """Learn from `train`; `validation` (later in time) may only say when to stop. `columns` are the features."""
