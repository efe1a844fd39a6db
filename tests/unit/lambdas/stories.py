"""What happens to the fake world, in the words of EventBridge."""

from datetime import datetime

from lambdas.release import events, known, reports
from lambdas.release.handlers.change_set_executed import change_set_executed
from lambdas.release.handlers.release_settled import release_settled
from lambdas.release.handlers.training_completed import training_completed
from lambdas.release.ports import World
from lambdas.release.records import Execution, TrainingJob, Version, stack_of
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import APPROVER, identity


def job_event(name: str = "job-1", status: str = "Completed") -> dict[str, object]:
    detail = {"TrainingJobName": name, "TrainingJobStatus": status}
    return {
        "id": "e1",
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Training Job State Change",
        "time": NOON.isoformat(),
        "detail": detail,
    }


def stack_event(status: str = "UPDATE_COMPLETE", stack: str = f"Atoll-Endpoint-{MODEL}") -> dict[str, object]:
    detail = {"stack-id": f"arn:x:cloudformation:r:1:stack/{stack}/u-u-i-d", "status-details": {"status": status}}
    return {
        "id": "e2",
        "source": "aws.cloudformation",
        "detail-type": "CloudFormation Stack Status Change",
        "time": NOON.isoformat(),
        "detail": detail,
    }


def trail_event(
    change_set: str, who: str = "arn:x:sts::1:assumed-role/Approver/bob", **detail: str
) -> dict[str, object]:
    call = {
        "eventName": "ExecuteChangeSet",
        "userIdentity": identity("bob") | {"arn": who},
        "requestParameters": {"changeSetName": change_set, "stackName": stack_of(MODEL)},
    }
    return {
        "id": "e3",
        "source": "aws.cloudformation",
        "detail-type": "AWS API Call via CloudTrail",
        "time": NOON.isoformat(),
        "detail": call | detail,
    }


def complete(world: World, name: str = "job-1", status: str = "Completed") -> str:
    """Deliver the event of a job's end."""
    return training_completed(events.parse(events.TrainingJobEnded, job_event(name, status)), world)


def execute(
    world: World,
    change_set: str,
    who: str = "bob",
    denied: str = "",
    stack: str = stack_of(MODEL),
    role: str = APPROVER,
) -> str:
    """Deliver the event of an execution."""
    made = Execution(change_set=change_set, who=who, at=NOON, denied=denied, stack=stack, role=role)
    return change_set_executed(made, world)


def settle(world: World, status: str = "UPDATE_COMPLETE", at: datetime = NOON) -> str:
    """Deliver the event of a stack's status."""
    event = stack_event(status) | {"time": at.isoformat()}
    return release_settled(events.parse(events.StackStatusChanged, event), world)


def ended(world: FakeWorld, version: Version, state: str) -> Version:
    """Put a version's end on record; return it as it is then."""
    reports.transition(world, version, state, NOON, who="automation", details={"reason": "a story"})
    return known.show(world, version)


def requested(world: FakeWorld, done: TrainingJob | None = None, packed: bytes | None = None) -> Version:
    """Bring a job's model to a request; return its version."""
    done = done or job()
    world.finish(done, packed)
    complete(world, done.name)
    return world.registry.versions(MODEL)[0]


def released(world: FakeWorld, done: TrainingJob | None = None, packed: bytes | None = None) -> Version:
    """Bring a job's model to the champion's place; return its version."""
    version = requested(world, done, packed)
    execute(world, version.tag("release_id"))
    world.deploy(version)
    settle(world)
    return world.registry.versions(MODEL)[0]
