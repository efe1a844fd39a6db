"""What the monitor needs of the world."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.release.ports import ArtifactStore, Notifier


class BatchError(Exception):
    """A transform job can't be compared with its model's baseline; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch transform: what was scored by which released model. Empty names: by a model that is not released."""

    job: str
    model: str
    version: str
    manifest_sha256: str
    input_uri: str


class Batches(Protocol):
    """Batch transforms and their input."""

    def describe(self, job: str) -> Batch:
        """Return the batch.

        Raises:
            BatchError: its input is of a kind that the monitor can't read.
        """
        ...

    def rows(self, batch: Batch) -> Iterator[Sequence[str]]:
        """Yield the rows of all of its CSV input, as a stream."""
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
