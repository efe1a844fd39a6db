"""An endpoint's stack changed its status: when it has settled, crown the release or record that it did not hold."""

from typing import Any

from lambdas.release import decisions, events, guarding, settling
from lambdas.release.adapters.connect import connect, logger
from lambdas.release.ports import World


def handler(event: dict[str, Any], _context: object) -> None:
    """Take the event `CloudFormation Stack Status Change`."""
    changed = events.parse(events.StackStatusChanged, event)
    logger.info({"stack": changed.stack_id, "outcome": release_settled(changed, connect())})


def release_settled(event: events.StackStatusChanged, world: World) -> str:
    """Compare the release with what the endpoint says, and believe the endpoint. Return what became of it."""
    stack = world.endpoints.stack(event.model)
    if event.status.endswith("_IN_PROGRESS") or stack.is_moving:
        return f"not settled: {stack.status}"
    guarding.keep_deployed_template(world, event.model, stack, event.at)
    if problem := guarding.intrusion(world, event.model, stack):
        return guarding.drive_out(world, event.model, stack, problem, event.at)
    versions = world.registry.versions(event.model)
    match decisions.settle(stack, world.endpoints.serving(event.model), decisions.attempted(stack, versions)):
        case decisions.Nothing(why):
            return why
        case decisions.RolledBack(version, reason):
            settling.mark_rolled_back(world, version, reason, event.at)
            return f"version {version.number} rolled back: {reason}"
        case decisions.Expel(version):
            settling.go_back(world, version, version.tag("reason"), event.at)
            return f"version {version.number} goes back"
        case decisions.Accept(version):
            return settling.accept(world, version, event.at)
