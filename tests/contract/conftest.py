"""One local AWS for the contract tests that need a running one."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.contract import local_templates

SETTINGS = "[tracking]\nport = 443\n"
NARROW = {  # what CloudFormation may do while it releases a stack whose only resource is a parameter
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ssm:*", "Resource": "*"}],
}


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("settings") / "local.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, settings_file: Path) -> Iterator[LocalCloud]:
    with LocalCloud(tmp_path_factory.mktemp("cloud"), settings=settings_file) as running:
        iam, trust = (
            running.client("iam"),
            {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}},
        )
        trusted = {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="narrow", AssumeRolePolicyDocument=json.dumps(trusted))
        iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")  # as the preflight asks
        iam.put_role_policy(RoleName="narrow", PolicyName="own", PolicyDocument=json.dumps(NARROW))
        yield running


@pytest.fixture(scope="session")
def deploy(cloud: LocalCloud) -> Callable[..., dict[str, str]]:
    """Creates or updates a stack, waits, and gives its outputs; raises with the reason of the first failure."""
    client = cloud.client("cloudformation")

    def run(name: str, template: dict[str, Any]) -> dict[str, str]:
        body = json.dumps(template)
        exists = any(each["StackName"] == name for each in client.describe_stacks()["Stacks"])
        change = client.update_stack if exists else client.create_stack
        change(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        waiter = client.get_waiter("stack_update_complete" if exists else "stack_create_complete")
        try:
            waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 150})
        except Exception as error:
            events = client.describe_stack_events(StackName=name)["StackEvents"]
            reasons = [each.get("ResourceStatusReason", "") for each in events if "FAILED" in each["ResourceStatus"]]
            raise RuntimeError(" | ".join(reasons)) from error
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    return run


@pytest.fixture(scope="session")
def destroy(cloud: LocalCloud) -> Callable[[str], None]:
    """Deletes a stack and waits."""
    client = cloud.client("cloudformation")

    def run(name: str) -> None:
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    return run


@pytest.fixture(scope="session")
def approver(deploy: Callable[..., dict[str, str]]) -> str:
    """The role of approvers; gives its ARN."""
    return deploy("people", local_templates.people())["Approver"]
