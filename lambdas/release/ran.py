"""What ran under a release's name: a change set is told by its ARN, for a name can be taken again.

People execute by the name alone, and CloudTrail tells that name. What ran is the ARN that the stack has; whether it was
asked for, the record knows (docs/decisions/0047-what-ran-is-an-arn.md).
"""

from dataclasses import replace
from datetime import datetime

from lambdas.release import deployments, events
from lambdas.release.ports import World
from lambdas.release.records import Creation, Execution, Stack, Version, stack_of


def told(world: World, version: Version, execution: Execution) -> Execution:
    """Return an execution of a release's name with the ARN of what ran; without, where nobody knows that (yet).

    The stack has it while the operation is its last. Later the trail tells what lay under the name then.
    """
    stack = world.endpoints.stack(version.model)
    if _began(stack, execution):
        return replace(execution, arn=stack.change_set)
    made = creations(world, version, until=execution.at)
    then = [each for each in made if each.name == execution.change_set and each.at <= execution.at]
    return replace(execution, arn=then[-1].arn) if then else execution


def _began(stack: Stack, execution: Execution) -> bool:
    """Say whether the stack's last operation is the one that a call began: by the change set's name, at that time."""
    begins, ends = execution.at - deployments.CLOCKS, execution.at + deployments.BEGINS_WITHIN
    return stack.last_change_set == execution.change_set and begins <= stack.changed <= ends


def is_last(world: World, version: Version, stack: Stack) -> bool:
    """Say whether the stack's last operation was a version's release, as far as anybody knows.

    Until somebody knows who made what has its name, it is taken for the release: it serves unproven.
    """
    named = version.tag("release_id") != "" and stack.last_change_set == version.tag("release_id")
    return named and was_asked(world, version, stack.change_set, until=stack.changed) is not False


def was_asked(world: World, version: Version, arn: str, *, until: datetime | None = None) -> bool | None:
    """Say whether a change set is one that a version's release was asked for by; None while nobody knows.

    It was made before `until`, when it was executed. The record names it. Where the function that asks died before it
    could write that, the trail tells whose call of CreateChangeSet made it: no other role's counts.
    """
    if arn in version.change_sets:
        return True
    made = next((each for each in creations(world, version, until=until) if each.arn == arn), None) if arn else None
    return None if made is None else events.role_of(made.role) == events.role_of(world.settings.asker_role_arn)


def creations(world: World, version: Version, *, until: datetime | None) -> list[Creation]:
    """Return what the trail tells of change sets that were made on a version's stack since it was asked for."""
    since = datetime.fromisoformat(version.tag("requested_at")) - deployments.CLOCKS
    end = until + deployments.CLOCKS if until else None
    made = map(events.creation_of, world.trail.calls("CreateChangeSet", since, end))
    return [each for each in made if each and each.stack == stack_of(version.model)]
