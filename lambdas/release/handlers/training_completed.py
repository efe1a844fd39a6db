"""A training job ended: verify its model, register it, pass the gate, ask for approval."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lambdas.release import candidates, events, known, moved, reports, requesting, starting, waiting
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.adapters.tracing import annotate, traced
from lambdas.release.ports import World
from lambdas.release.record import RecordError
from lambdas.release.records import TrainingJob


@traced
def handler(event: dict[str, Any], _context: object) -> None:
    """Take the event `SageMaker Training Job State Change`."""
    ended = events.parse(events.TrainingJobEnded, event)
    annotate("job", ended.job_name)
    logger.info({"job": ended.job_name, "outcome": training_completed(ended, connect())})


def training_completed(event: events.TrainingJobEnded, world: World) -> str:
    """Carry a job's model as far as it may go; called again, continue where it stands. Return what became of it."""
    job = moved.describe(world, event.job_name)
    if job.tuning_job or event.status != "Completed":
        return _end_without_candidate(world, job, event)
    if job.model in world.settings.models and (blocked := known.of(world, job.model).blocked):
        raise RecordError(f"{blocked} Nothing is asked for until a function that knows them is deployed.")
    if version := waiting.of_job(world, job):
        return waiting.tend(world, version, event.at)
    try:
        return _carry(world, job, event)
    except candidates.RefusedError as refusal:
        return _refuse(world, job, str(refusal), event.at)
    except (starting.StillUnknownError, moved.CallerUnknownError) as unknown:
        return str(unknown)


def _carry(world: World, job: TrainingJob, event: events.TrainingJobEnded) -> str:
    with TemporaryDirectory() as work:
        candidate = candidates.inspect(world, job, Path(work), event.at)
        version = candidates.register(world, candidate, event.at)
        if version.state != "registered":
            return f"version {version.number} is {version.state} already"
        if reason := candidates.problem(world, candidate, version):
            candidates.refuse(world, version, reason, event.at)
            return f"version {version.number} refused: {reason}"
        candidates.seal(world, candidate, version)
        return f"version {version.number} {requesting.request(world, candidate, version, event.at)}"


def _refuse(world: World, job: TrainingJob, reason: str, at: datetime) -> str:
    """Refuse a job's model; a version that was registered before the reason was, too: nothing else would end it."""
    versions = known.versions(world, job.model) if job.model in world.settings.models else []
    ours = (v for v in versions if v.tag("training_job_arn") == job.arn and v.state == "registered")
    if version := next(ours, None):
        candidates.refuse(world, version, reason, at)
        return f"version {version.number} refused: {reason}"
    reports.refused_before_registration(world, job, reason, at)
    return "refused before registration"


def _end_without_candidate(world: World, job: TrainingJob, event: events.TrainingJobEnded) -> str:
    if job.tuning_job:
        reports.trial_ended(world, job, event.status, event.at)
        return "a trial"
    reports.job_ended_badly(world, job, event.status, event.at)
    return event.status
