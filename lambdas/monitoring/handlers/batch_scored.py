"""New purchases were scored: compare them with the model's training baseline."""

from typing import Any

from lambdas.monitoring import drift
from lambdas.monitoring.adapters.connect import connect, logger
from lambdas.monitoring.events import ProcessingJobEnded
from lambdas.monitoring.ports import World
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.events import parse


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take the event `SageMaker Processing Job State Change`."""
    ended = parse(ProcessingJobEnded, event)
    annotate("job", ended.job_name)
    logger.info({"job": ended.job_name, "outcome": batch_scored(ended, connect())})


def batch_scored(event: ProcessingJobEnded, world: World) -> str:
    """Measure and publish the drift of what a scoring scored; return what was found."""
    if event.status != "Completed":
        return f"nothing to measure: {event.status}"
    batch = world.batches.describe(event.job_name)
    if batch is None:
        return "no scoring by a released model"
    found = drift.measure_batch(world, batch)
    drift.publish(world, batch, found, event.at)
    return f"{found.status}: {found.largest:.3f} over {found.rows} rows"
