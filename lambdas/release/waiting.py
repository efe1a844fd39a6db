"""A request that waits for an approver: leave it, let it expire, or ask again where its change set vanished.

A change set vanishes when another one of its stack is executed (`cdk deploy` does so too), or when somebody deletes it.
Deleting it ends the race with an approver: after that nobody can execute it, and if CloudFormation refuses the deletion
it is being executed.
"""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from lambdas.release import candidates, decisions, guarding, known, ran, reports, requesting, settling
from lambdas.release.ports import World
from lambdas.release.records import TrainingJob, Version


def of_job(world: World, job: TrainingJob) -> Version | None:
    """Return the job's version when its release was asked for and nobody has executed it, or nobody may any more."""
    if job.model not in world.settings.models:
        return None
    versions = [v for v in known.versions(world, job.model) if v.tag("release_id")]
    found = next((v for v in versions if v.tag("training_job_arn") == job.arn), None)
    return found if found and found.state in {"registered", "requested", *decisions.OVER} else None


def has_expired(world: World, version: Version, at: datetime) -> bool:
    """Say whether a request is older than approvers have time."""
    asked = datetime.fromisoformat(version.tag("requested_at"))
    return at - asked >= timedelta(days=world.settings.request_expires_after_days)


def tend(world: World, version: Version, at: datetime) -> str:
    """Do what a request needs; return what was done."""
    name, late = version.tag("release_id"), has_expired(world, version, at)
    if version.state in decisions.OVER:
        return withdraw(world, version)
    if version.state == "requested" and not late and is_offered(world, version):
        return f"{name} waits"
    refused = late and not world.change_sets.delete(version.model, name)
    reason = "it is being executed" if refused else on_its_way(world, version, late=late)
    return f"{name}: {reason}" if reason else answer(world, version, at, late=late)


def is_offered(world: World, version: Version) -> bool:
    """Say whether the change set by which a version was asked for last can be executed; its name alone says nothing."""
    return bool(version.change_sets) and world.change_sets.waits(version.model, version.change_sets[-1])


def is_rejected(world: World, version: Version) -> bool:
    """Say whether an approver's rejection of this request is on record (rejections.py)."""
    return known.current(world, version).state == "rejected"


def answer(world: World, version: Version, at: datetime, *, late: bool) -> str:
    """Let a request expire, give way to a newer one, or be made again; return which."""
    name = version.tag("release_id")
    if late:
        expire(world, version, at)
        return f"{name} expired"
    if newer := newer_one(world, version):
        settling.supersede(world, version, f"version {newer.number} is {newer.state} in its place", at)
        return f"{name} superseded by version {newer.number}"
    return ask_again(world, version, at)


def withdraw(world: World, version: Version) -> str:
    """Delete a change set that nobody may execute any more."""
    name = version.tag("release_id")
    known.show(world, version)
    if world.change_sets.waits(version.model, name):
        world.change_sets.delete(version.model, name)
        return f"version {version.number} is {version.state}: {name} withdrawn"
    return f"version {version.number} is {version.state} already"


def on_its_way(world: World, version: Version, *, late: bool) -> str | None:
    """Return what already happened to a request whose change set is gone; None when nothing is known of."""
    name = version.tag("release_id")
    stack = world.endpoints.stack(version.model)
    if stack.is_moving or ran.is_last(world, version, stack):
        return "the stack is not at rest, or it was executed"
    if guarding.execution_of(world, version):
        return "it was executed"
    if world.audit.reason(version.model, name) is not None and not late:
        return "an approver rejected it"
    now = known.current(world, version)
    return None if now.state == version.state else f"it is {now.state}"


def expire(world: World, version: Version, at: datetime) -> None:
    """Record that nobody executed a release in time."""
    reason = f"nobody executed it within {world.settings.request_expires_after_days} days."
    reports.expired(world, version, reason, at)
    known.show(world, version)


def newer_one(world: World, version: Version) -> Version | None:
    """Return a newer version that waits too or has been released: only the newest request is made again."""
    newer = (v for v in known.versions(world, version.model) if int(v.number) > int(version.number))
    return next((v for v in newer if v.state in {"requested", "released"}), None)


def ask_again(world: World, version: Version, at: datetime) -> str:
    """Pass the gate once more, for the champion may be another, and request the release again."""
    with TemporaryDirectory() as work:
        candidate = candidates.recall(world, version, Path(work))
        if (reason := candidates.problem(world, candidate, version)) and decisions.may_become(version.state, "refused"):
            candidates.refuse(world, version, reason, at)
            return f"version {version.number} refused: {reason}"
        came = requesting.request(world, candidate, version, at)
    return f"{version.tag('release_id')} {'requested again' if came == 'requested' else came}"
