"""The monitor's ports in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.monitoring.ports import Batch, World
from tests.fakes.release import FakeArtifacts, FakeNotifier


@dataclass
class FakeBatches:
    batches: dict[str, Batch] = field(default_factory=dict)

    def describe(self, job: str) -> Batch | None:
        return self.batches.get(job)


@dataclass
class FakeReports:
    reports: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    metrics: list[tuple[str, float]] = field(default_factory=list)

    def write(self, batch: Batch, report: Mapping[str, Any]) -> str:
        self.reports[batch.job] = report
        return f"s3://data/monitoring/{batch.model}/{batch.job}/report.json"

    def measure(self, model: str, drift: float) -> None:
        self.metrics.append((model, drift))


@dataclass
class FakeNotes:
    kept: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def keep(self, model: str, name: str, note: Mapping[str, Any]) -> None:
        self.kept.setdefault((model, name), note)


@dataclass(frozen=True, kw_only=True)
class FakeMonitorWorld(World):
    """The monitor's world, whose parts a test may look into."""

    batches: FakeBatches = field(default_factory=FakeBatches)
    artifacts: FakeArtifacts = field(default_factory=FakeArtifacts)
    reports: FakeReports = field(default_factory=FakeReports)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    notes: FakeNotes = field(default_factory=FakeNotes)
