"""What the monitor needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.release.ports import ArtifactStore, Notifier


class BatchError(Exception):
    """A scoring can't be compared with its model's baseline; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A scoring: what was scored by which released model, and how its rows lie in the bins of that model's baseline.

    `counts` are rows by feature and bin, those without a value last.
    """

    job: str
    model: str
    version: str
    manifest_sha256: str
    rows: int
    counts: Mapping[str, Sequence[int]]


class Batches(Protocol):
    """Processing jobs that score."""

    def describe(self, job: str) -> Batch | None:
        """Return the batch; nothing if the job is another one, or its model wasn't released.

        Raises:
            BatchError: what it left isn't what a scoring by that model leaves.
        """
        ...


class Reports(Protocol):
    """Where drift is made known."""

    def write(self, batch: Batch, report: Mapping[str, Any]) -> str:
        """Write the report of a batch, over an earlier one of the same batch; return its address."""
        ...

    def measure(self, model: str, drift: float) -> None:
        """Put the metric `Drift` of a model."""
        ...


class Notes(Protocol):
    """What auditors may want to read beside the record; nothing is decided by it."""

    def keep(self, model: str, name: str, note: Mapping[str, Any]) -> None:
        """Keep a note; one of that name which is there already stays."""
        ...


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that the monitor may touch."""

    batches: Batches
    artifacts: ArtifactStore
    reports: Reports
    notifier: Notifier
    notes: Notes
