"""A model that was released elsewhere is asked for again: from its sealed archive, by a person whom the trail names.

After a move to another account or region no entry counts, and the training job is not there. What was sealed is one
file under its manifest's hash, and the settings name the hashes that may come
(docs/decisions/0052-a-moved-model-is-asked-for-again.md). In a job's place stands what a person asked for,
`moved.<the call's id>`: SageMaker takes no dot in a job's name
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html).
"""

from datetime import datetime, timedelta

from lambdas.release import callers, events, reports, signing
from lambdas.release.artifact import Artifact
from lambdas.release.ports import World
from lambdas.release.records import AuditEntry, TrainingJob

PREFIX = "moved."
MOST_ASKS = 20
"""That one look reads: whoever may call the function asks as often as they like, and other models wait for its end."""
WAITS = timedelta(days=1)
"""From the call on, for the caller's name: CloudTrail promises its events within about 15 minutes."""


class RefusedMoveError(Exception):
    """What a person asks for can't be asked for here; the text says why, and what to do."""


class CallerUnknownError(Exception):
    """The trail doesn't tell yet who asked; the reconciler has it looked at again."""


def ask(world: World, asked: events.MovedAsked, request: str, at: datetime) -> str:
    """Record that a person asks for a moved model; return in whose place of a job that stands. Nothing is opened.

    Raises:
        RefusedMoveError: it is no model of ours, or no archive that the settings name.
    """
    model, sha = asked.ask_again, asked.manifest_sha256
    if model not in world.settings.models:
        raise RefusedMoveError(f"model is {model!r}, expected one of {', '.join(world.settings.models)}.")
    if problem := _unnamed(world, sha):
        raise RefusedMoveError(f"{problem}.")
    reports.moved_asked(world, model, request, {"reason": asked.reason, "manifest_sha256": sha}, at)
    return f"{PREFIX}{request}"


def _unnamed(world: World, sha: str) -> str | None:
    if sha in world.settings.moved_manifests:
        return None
    return f"the manifest {sha} isn't among `release.moved` of the settings: deploy with it, then ask anew"


def asks(world: World, model: str, since: datetime) -> list[AuditEntry]:
    """Return what people asked for of a model since then, the newest alone."""
    return sorted(world.audit.told(model, "moved_asked", since=since), key=lambda each: each.at)[-MOST_ASKS:]


def describe(world: World, name: str) -> TrainingJob:
    """Return a training job, or what stands in one's place: what a person asked for, by the record alone.

    Raises:
        EventError: nobody asked for it.
    """
    if not name.startswith(PREFIX):
        return world.jobs.describe(name)
    request = name.removeprefix(PREFIX)
    found = (each for model in world.settings.models for each in world.audit.told(model, "moved_asked", request))
    if (asked := next(found, None)) is None:
        raise events.EventError(f"Nobody asked for {name}: there is no entry `moved_asked` of this account and region.")
    caller, sha = callers.of_request(world, request), asked.details["manifest_sha256"]
    return TrainingJob(
        name=name,
        arn=name,
        image="",
        network_isolated=False,
        created=asked.at,
        started=asked.at,
        ended=asked.at,
        artifact_uri=f"s3://{world.settings.release_bucket}/models/{asked.model}/{sha}/model.tar.gz",
        tags={"atoll:model": asked.model, "atoll:uid": caller.name if caller else ""},
        sealed=sha,
    )


def problem(world: World, job: TrainingJob, at: datetime) -> str | None:
    """Return why what stands in a job's place may not be opened; None when an approver asked for what is named.

    Raises:
        CallerUnknownError: the trail doesn't tell yet who asked.
    """
    caller = callers.of_request(world, job.name.removeprefix(PREFIX))
    if caller is None:
        if at - job.ended < WAITS:
            raise CallerUnknownError(f"waits for the trail: nobody knows yet who asked for {job.name}")
        return f"CloudTrail names nobody who asked for it, {WAITS.days} day after the call; ask anew"
    if stranger := callers.stranger(caller.name, caller.role, approver=world.settings.approver_role_arn):
        return f"it was asked for {stranger}"
    return _unnamed(world, job.sealed)


def contents_problem(world: World, job: TrainingJob, artifact: Artifact, papers: dict[str, bytes]) -> str | None:
    """Return why an opened archive can't be sealed here; None when nothing is in the way."""
    if (found := artifact.manifest["model"]) != job.model:
        return f"its manifest is for {found!r:.100}, and it was asked for as {job.model}"
    for name, content in papers.items():
        if world.artifacts.kept(job.model, job.sealed, name) not in {None, content}:
            return _in_the_way(job, name)
    if world.artifacts.kept(job.model, job.sealed, signing.NAME) is None:
        return None
    return _in_the_way(job, signing.NAME) if signing.problem(world, job.model, job.sealed) else None


def _in_the_way(job: TrainingJob, name: str) -> str:
    place = f"{job.artifact_uri.rpartition('/')[0]}/{name}"
    return f"{place} is another platform's: copy model.tar.gz alone, delete that (a marker will do) and ask anew"
