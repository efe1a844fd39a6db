"""A deleted change set of a release: the approver's no, when there is a reason to it."""

from lambdas.release import decisions, events, ran, reports, waiting
from lambdas.release.ports import World
from lambdas.release.records import Execution, Version


def record(world: World, version: Version, deletion: Execution) -> str:
    """Record a rejection and hand it to `training_completed`, which alone ends requests; return what was recorded.

    A deletion without a reason is none: the platform deletes change sets too (expired ones, failed ones), and what
    somebody deleted by hand is requested again.
    """
    name = version.tag("release_id")
    if deletion.denied:
        details = {"error": deletion.denied}
        reports.transition(world, version, "rejection_denied", deletion.at, who=deletion.who, details=details)
        return f"denied: {deletion.denied}"
    if not decisions.may_become(version.state, "rejected"):
        return f"version {version.number} is {version.state} already"
    if waiting.has_expired(world, version, deletion.at):
        return f"{name} had expired"
    if ran.is_last(world, version, world.endpoints.stack(version.model)):
        return f"{name} was executed before"
    reason = world.audit.reason(version.model, name)
    if reason is None:
        return f"{name} was deleted without a reason"
    reports.rejected(world, version, deletion.who, reason, deletion.at)
    world.functions.deliver("training_completed", events.ended_again(version.job, "Completed", deletion.at))
    return f"version {version.number} rejected by {deletion.who}"
