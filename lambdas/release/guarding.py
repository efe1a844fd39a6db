"""After each operation of an endpoint's stack: keep the template that was deployed, undo what intruded."""

from datetime import datetime

from lambdas.release import decisions, intrusions, reports, settling
from lambdas.release.ports import World
from lambdas.release.records import Stack


def keep_deployed_template(world: World, model: str, stack: Stack, at: datetime) -> None:
    """Record the template that a deployment left; the deployment's role alone can bring a new one."""
    if stack.was_deployed and stack.went_forward:
        current = world.endpoints.template(model)
        if current != world.templates.recorded(model):
            reports.template_recorded(world, model, stack, intrusions.sha256(current), at)
            world.templates.record(model, current)


def intrusion(world: World, model: str, stack: Stack) -> str | None:
    """Return what a change set did that it must not do; None when all is as deployed and approved."""
    current, deployed = world.endpoints.template(model), world.templates.recorded(model)
    return intrusions.template_problem(stack, current, deployed) or intrusions.serving_problem(
        stack, world.endpoints.serving(model), world.registry.versions(model)
    )


def drive_out(world: World, model: str, stack: Stack, problem: str, at: datetime) -> str:
    """Bring back the deployed template with the champion's release (or none); return what was done.

    The state of the world decides again after a crash. A way out that CloudFormation itself rolled back is not tried
    twice: the alarm stands.
    """
    reports.intruded(world, model, stack, problem, at)
    version = decisions.attempted(stack, world.registry.versions(model))
    if version and decisions.may_become(version.state, "rolled_back"):
        settling.mark_rolled_back(world, version, problem, at)
    current, deployed = world.endpoints.template(model), world.templates.recorded(model)
    name, release = intrusions.way_out(stack, world.registry.champion(model), current, deployed)
    if name == stack.last_change_set and not stack.went_forward:
        return f"{name} failed: {problem}"
    world.change_sets.request(model, name, release, f"Way out: {problem}"[:1000], deployed)
    world.change_sets.execute(model, name)
    return f"{name}: {problem}"
