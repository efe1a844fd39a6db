"""A rollback that fails stops there, and an operator continues it: with the narrow role, and with no other.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalSession
from tests.contract.sagemaker.scene import Scene, until
from tests.contract.sagemaker.test_deployments import is_gone
from tests.contract.sagemaker.test_service_roles import TRUST, failures
from tests.contract.sagemaker.test_stacks import Stack, resource

PATIENCE = "3"
"""Seconds for which the second release waits in vain, and then fails."""


class Waiting(Stack):
    """A stack whose second release brings its endpoint and then waits for a signal that never comes."""

    waits = False

    def template(self) -> str:
        found = json.loads(super().template())
        for name in ("Model", "Config"):
            found["Resources"][name] |= {"UpdateReplacePolicy": "Retain", "DeletionPolicy": "Delete"}
        if self.waits:
            signal = resource("CloudFormation::WaitCondition", Handle={"Ref": "Handle"}, Timeout=PATIENCE)
            found["Resources"]["Handle"] = resource("CloudFormation::WaitConditionHandle")
            found["Resources"]["Signal"] = signal | {"DependsOn": ["Endpoint", "Policy"]}
        return json.dumps(found)

    def events(self, logical_id: str) -> list[str]:
        found = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [each["ResourceStatus"] for each in found if each["LogicalResourceId"] == logical_id]

    def continued(self, client: Any, role: str, *skipped: str) -> str:  # noqa: ANN401 - boto3 has no types
        """Continue the rollback; returns the status in which that ends."""
        before = len(self.events(self.name))
        skip = {"ResourcesToSkip": list(skipped)} if skipped else {}
        client.continue_update_rollback(StackName=self.name, RoleARN=role, **skip)
        until(lambda: self.events(self.name), lambda found: len(found) > before)
        return self.settled()

    def settled(self) -> str:
        return until(self.describe, lambda stack: not stack["StackStatus"].endswith("IN_PROGRESS"))["StackStatus"]


def maintain(scene: Scene, stack: Stack, status: str) -> None:
    """SageMaker begins or ends its maintenance of the endpoint, in which it takes no update."""
    arn = scene.sagemaker.describe_endpoint(EndpointName=stack.endpoint)["EndpointArn"]
    scene.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "local-aws:status", "Value": status}])


def operator(scene: Scene, role: str) -> LocalSession:
    """One who has the rights of `stacks/components/release_people.py` to continue a rollback."""
    narrow = {"ArnEquals": {"cloudformation:RoleArn": role}}
    to_it = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    return scene.person(
        {"Action": "cloudformation:ContinueUpdateRollback", "Resource": "*", "Condition": narrow},
        {"Action": "iam:PassRole", "Resource": role, "Condition": to_it},
    )


def releasing(scene: Scene, role: str) -> Waiting:
    """A stack whose second release serves already and isn't over."""
    stack = Waiting(scene)
    assert stack.release("one", role=role)["StackStatus"] == "CREATE_COMPLETE"
    stack.waits = True
    parameters = [{"ParameterKey": "Archive", "ParameterValue": scene.archive("two")},
                  {"ParameterKey": "Release", "ParameterValue": "r-two"}]  # fmt: skip
    stack.cloudformation.update_stack(StackName=stack.name, TemplateBody=stack.template(), Parameters=parameters)
    until(lambda: stack.events("Signal"), bool)
    assert b"two" in scene.ask(stack.endpoint)["Body"]
    return stack


def test_a_failed_rollback_is_continued_by_the_operator_with_the_narrow_role_alone(scene: Scene) -> None:
    role = scene.make_role(TRUST, {"Action": "*", "Resource": "*"})
    stack = releasing(scene, role)
    maintain(scene, stack, "SystemUpdating")
    assert stack.settled() == "UPDATE_ROLLBACK_FAILED"
    assert "SystemUpdating" in failures(stack)
    other: Any = scene.make_role(TRUST, {"Action": "*", "Resource": "*"})
    client = operator(scene, role).client("cloudformation")
    for refused in ({}, {"RoleARN": other}):
        with pytest.raises(ClientError, match="not authorized to perform: cloudformation:ContinueUpdateRollback"):
            client.continue_update_rollback(StackName=stack.name, **refused)

    assert stack.continued(client, role) == "UPDATE_ROLLBACK_FAILED"  # the maintenance isn't over

    maintain(scene, stack, "InService")
    assert stack.continued(client, role) == "UPDATE_ROLLBACK_COMPLETE"
    assert b"one" in scene.ask(stack.endpoint)["Body"]

    stack.waits = False
    assert stack.release("three")["StackStatus"] == "UPDATE_COMPLETE"
    assert b"three" in scene.ask(stack.endpoint)["Body"]
    stack.delete()


def test_an_endpoint_deleted_while_a_release_runs_is_stopped_in_its_stack_and_the_next_release_serves(
    scene: Scene,
) -> None:
    role = scene.make_role(TRUST, {"Action": "*", "Resource": "*"})
    stack = releasing(scene, role)
    stops = scene.person({"Action": "sagemaker:DeleteEndpoint", "Resource": "*"}).client("sagemaker")
    stops.delete_endpoint(EndpointName=stack.endpoint)
    until(lambda: is_gone(scene, stack.endpoint), bool)

    assert stack.settled() == "UPDATE_ROLLBACK_FAILED"
    assert "Could not find endpoint" in failures(stack)
    client = operator(scene, role).client("cloudformation")
    assert stack.continued(client, role) == "UPDATE_ROLLBACK_FAILED"
    assert stack.continued(client, role, "Endpoint") == "UPDATE_ROLLBACK_COMPLETE"

    stack.stop()
    stack.waits = False
    assert stack.release("three")["StackStatus"] == "UPDATE_COMPLETE"
    assert b"three" in scene.ask(stack.endpoint)["Body"]
    stack.delete()
