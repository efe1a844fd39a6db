"""A release is asked for: its change set is made, and the record names the ARN that may be executed."""

from datetime import datetime

from lambdas.release import briefing, candidates, decisions, known, ran, reports
from lambdas.release.ports import AlreadyExecutedError, StackMovesError, World
from lambdas.release.records import Release, Version, release_id


def request(world: World, candidate: candidates.Candidate, version: Version, at: datetime) -> str:
    """Verify what was sealed, create the change set, ask the approvers. Return what became of it.

    While the stack moves CloudFormation takes no change set: the reconciler has it asked for when the stack rests.

    Raises:
        ArtifactError: it is not what was sealed: somebody tampered with the release bucket.
        ChangeSetError: CloudFormation refuses the change set.
    """
    candidates.vouch(world, version)
    if world.endpoints.stack(version.model).is_moving:
        return "waits for the stack, which moves"
    sha = version.tag("manifest_sha256")
    digest = version.tag("serving_image_digest") or world.image.uri().partition("@")[2]
    name = release_id(version.tag("submitter"), sha, version.number)  # as the trail agreed, not as the tag is now
    release = Release(image_digest=digest, manifest_sha256=sha, version=version.number, release_id=name)
    if not version.tag("release_id"):  # asked again, it expires no later and keeps its image
        reports.asked(world, version, release, at)
        version = known.current(world, version)
    line = briefing.line(world, version, candidate.metrics, datetime.fromisoformat(version.tag("requested_at")))
    try:
        made = world.change_sets.request(version.model, release.release_id, release, line)
    except StackMovesError:
        return "waits for the stack, which moves"
    except AlreadyExecutedError as found:
        return waits_for_an_execution(world, version, found.arn)
    job = candidate.job
    times = {} if job.sealed else {"job_started": job.started.isoformat(), "job_ended": job.ended.isoformat()}
    facts = {"change_set": made, **times}
    reports.requested(world, version, release, line=line, facts=facts, at=at)
    if known.show(world, version).state in decisions.OVER:  # overtaken while the change set was made
        world.change_sets.delete(version.model, release.release_id)
    return "requested"


def waits_for_an_execution(world: World, version: Version, arn: str) -> str:
    """Return for what a request waits under whose name something was executed; what others made gives way."""
    if ran.was_asked(world, version, arn) is False:
        world.change_sets.delete(version.model, arn)
        return f"waits: {arn} was executed under its name, which others made"
    return f"waits for the trail, which knows who executed {arn}"
