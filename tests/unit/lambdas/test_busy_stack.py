"""A training ends while a release of its model runs: CloudFormation takes no change set then, so it waits."""

from dataclasses import replace
from datetime import timedelta

from lambdas.release.events import TrainingJobEnded, parse
from lambdas.release.handlers.training_completed import training_completed
from lambdas.release.ports import StackMovesError
from lambdas.release.reconciling import reconcile
from tests.fakes.change_sets import FakeChangeSets
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.unit.lambdas.stories import complete


def test_a_training_that_ends_while_a_release_runs_waits_and_is_asked_for_later() -> None:
    world = FakeWorld()
    at_rest = world.endpoints.stack(MODEL)
    world.endpoints.stacks[MODEL] = replace(at_rest, status="UPDATE_IN_PROGRESS", changed=NOON)
    world.finish(job())
    assert complete(world) == "version 1 waits for the stack, which moves"
    assert world.states == ["registered"]
    assert not world.change_sets.waiting
    reconcile(world, NOON + timedelta(minutes=16))
    assert not world.functions.delivered
    world.endpoints.stacks[MODEL] = at_rest
    reconcile(world, NOON + timedelta(minutes=31))
    ((function, event),) = world.functions.delivered
    assert function == "training_completed"
    training_completed(parse(TrainingJobEnded, dict(event)), world)
    assert world.states == ["requested"]


def test_a_stack_that_begins_to_move_while_its_change_set_is_made_is_waited_for() -> None:
    class Moving(FakeChangeSets):
        def request(self, *_asked: object, **_named: object) -> str:
            raise StackMovesError("it is in UPDATE_IN_PROGRESS state and can not be updated")

    world = replace(FakeWorld(), change_sets=Moving())
    world.finish(job())
    assert complete(world) == "version 1 waits for the stack, which moves"
    assert complete(replace(world, change_sets=FakeChangeSets())).endswith("requested again")
