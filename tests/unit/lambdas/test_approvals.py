"""Who may approve: another person, by the approver's role, under a name that is nobody else's."""

from datetime import timedelta

import pytest

from lambdas.release.approvals import happened, violation_of
from lambdas.release.events import ChangeSetExecuted, called_again, parse, sent_again
from lambdas.release.records import Execution
from tests.fakes.release import MODEL, NOON, FakeWorld, job
from tests.fakes.stack import APPROVER, identity
from tests.unit.lambdas.stories import execute, requested, settle, trail_event

RELEASE = "r-by-ann-0123456789ab"
CDK = "arn:x:iam::1:role/cdk-hnb659fds-deploy-role-1-us-gov-west-1"


def made(who: str, role: str = APPROVER, release: str = RELEASE) -> Execution:
    return Execution(change_set=release, who=who, at=NOON, role=role, stack=f"Atoll-Endpoint-{MODEL}")


@pytest.mark.parametrize("role", [APPROVER, "arn:x:iam::1:role/Approver"])  # CloudTrail may tell the path or not
def test_another_person_approves_by_the_approvers_role(role: str) -> None:
    assert violation_of(made("carol", role), approver=APPROVER) is None


@pytest.mark.parametrize(
    ("who", "role", "told"),
    [
        ("ann", APPROVER, "by its own submitter"),
        ("Ann", APPROVER, "by its own submitter"),
        ("ann", CDK, "by its own submitter"),
        ("carol", CDK, "expected a session of"),
        ("aws-cdk-ann", CDK, "expected a session of"),
        ("carol", "arn:x:iam::2:role/atoll/Approver", "expected a session of"),  # another account's
        ("carol", "arn:x:iam::1:role/atoll/Approver2", "expected a session of"),
        ("carol", "", "whoever has no role"),
        ("", APPROVER, "of a known person"),
        ("ann.smith@agency.gov", APPROVER, "of a known person"),
        ("Carol", APPROVER, "of a known person"),
        ("b\N{CYRILLIC SMALL LETTER O}b", APPROVER, "of a known person"),
        ("c", APPROVER, "of a known person"),
    ],
)
def test_anybody_else_and_every_other_role_violates(who: str, role: str, told: str) -> None:
    assert told in str(violation_of(made(who, role), approver=APPROVER))


def test_an_execution_by_the_deployments_role_is_a_violation_and_the_release_goes_back() -> None:
    world = FakeWorld()
    version = requested(world, job("job-1"))
    execute(world, version.tag("release_id"), "aws-cdk-somebody", role=CDK)
    world.deploy(version)
    assert "separation_of_duties_violated" in world.audit.whats
    assert any("approved by nobody who may approve" in subject for subject, _ in world.notifier.messages)
    assert "expected a session of" in settle(world)
    assert world.registry.champions == {}


def test_the_role_is_the_one_that_issued_the_session() -> None:
    call = parse(ChangeSetExecuted, trail_event(RELEASE)).execution()
    assert call.role == "arn:x:iam::1:role/Approver"


def test_no_flood_of_later_calls_hides_an_execution_that_is_sent_again() -> None:
    world = FakeWorld()
    call = {
        "eventName": "ExecuteChangeSet",
        "eventTime": NOON.isoformat(),
        "requestParameters": {"stackName": f"Atoll-Endpoint-{MODEL}", "changeSetName": "r-by-cid-0123456789ab"},
        "userIdentity": identity("dora", "Approver"),
    }
    later = call | {"eventTime": (NOON + timedelta(minutes=5)).isoformat()}
    world.trail.made += [call, *[later] * world.trail.most]
    again = sent_again("change_set_executed", called_again(call))
    assert happened(world, parse(ChangeSetExecuted, again))
