"""Who started a training job: the trail's word. The job's tag says whose model it is, and must agree.

docs/decisions/0050-the-submitter-is-who-called.md
"""

from datetime import datetime, timedelta

from lambdas.release import events
from lambdas.release.ports import World
from lambdas.release.records import Start, TrainingJob

CLOCKS = timedelta(minutes=1)
"""Between CloudTrail's time of the call and SageMaker's of the job's creation."""
WAITS = timedelta(days=1)
"""From the job's end on. CloudTrail promises its events within about 15 minutes, and the reconciler comes again."""


class StillUnknownError(Exception):
    """The trail doesn't tell yet who started a job; the reconciler has it looked at again."""


def problem(world: World, job: TrainingJob, at: datetime) -> str | None:
    """Return why nobody may have a job's model asked for: its tag isn't who called, or that was no trainer.

    Raises:
        StillUnknownError: the trail doesn't tell yet.
    """
    start, trainer = start_of(world, job), world.settings.trainer_role_arn
    if start is None:
        if at - job.ended < WAITS:
            raise StillUnknownError(f"waits for the trail: nobody knows yet who started {job.name}")
        return f"CloudTrail names nobody who started it, {WAITS.days} day after its end; start it again"
    if events.role_of(start.role) != events.role_of(trainer):
        who = f"{start.role or 'whoever has no role'} ({start.who or 'nobody'})"
        why = (
            "a pipeline or a service asks for no release, and a role that was renamed since is another: start it again"
        )
        return f"{who} started it, expected a session of {trainer}: {why}"
    if start.who != job.submitter:
        return f"its tag atoll:uid is {job.submitter!r}, and {start.who!r} started it"
    return None


def start_of(world: World, job: TrainingJob) -> Start | None:
    """Return the call that made a job, as the trail knows it; None while it doesn't.

    It is looked up beside the job's creation, so that an account with many jobs is not read for long.
    """
    calls = world.trail.calls("CreateTrainingJob", job.created - CLOCKS, until=job.created + CLOCKS)
    made = [each for each in map(events.start_of, calls) if each and each.arn == job.arn]
    return made[-1] if made else None
