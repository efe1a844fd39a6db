"""A scored batch against its model's baseline: measured, reported, announced."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lambdas.monitoring.decisions import Drift, measure
from lambdas.monitoring.ports import Batch, World
from lambdas.release.artifact import Artifact, open_released


@contextmanager
def released_artifact(world: World, batch: Batch) -> Generator[Artifact]:
    """Give the verified artifact of the model that scored a batch."""
    with TemporaryDirectory() as work:
        archive = Path(work) / "model.tar.gz"
        world.artifacts.fetch_released(batch.model, batch.manifest_sha256, archive)
        yield open_released(archive, Path(work) / "model", batch.manifest_sha256)


def measure_batch(world: World, batch: Batch) -> Drift:
    """Compare where a batch's rows lie with the baseline in the released artifact of its model.

    Raises:
        ArtifactError: the released archive is not what its key says.
        CountError: the counts aren't of this model's features and bins.
    """
    with released_artifact(world, batch) as artifact:
        baseline, columns = artifact.json("baseline.json"), artifact.json("features.json")["columns"]
    return measure(batch.rows, batch.counts, {name: baseline[name] for name in columns})


def publish(world: World, batch: Batch, drift: Drift, at: datetime) -> None:
    """Write report and metric; from the alarm's limit on, tell a person and the auditors."""
    report = {
        "model": batch.model,
        "model_version": batch.version,
        "rows": drift.rows,
        "max_psi": drift.largest,
        "status": drift.status,
        "features": dict(drift.features),
    }
    address = world.reports.write(batch, report)
    world.reports.measure(batch.model, drift.largest)
    if drift.status != "alarm":
        return
    note = {"what": "drift", "at": at.isoformat(), "model": batch.model, "version": batch.version, "job": batch.job}
    world.notes.keep(
        batch.model, f"{batch.job}-drift", note | {"report": address, "max_psi": drift.largest, "rows": drift.rows}
    )
    worst = sorted(drift.features.items(), key=lambda item: -item[1])[:5]
    lines = "\n".join(f"  {name}: {index:.3f}" for name, index in worst)
    text = f"{drift.rows} rows scored by v{batch.version} differ from its training data. PSI:\n{lines}\n{address}"
    world.notifier.tell(f"ALARM: drift of {batch.model}, PSI {drift.largest:.2f}", text)
