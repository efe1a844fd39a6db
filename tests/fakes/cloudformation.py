"""CloudFormation as a teardown sees it: stacks of buckets and repositories, which go only when they are empty.

The buckets and repositories themselves are moto's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

REGION = "us-east-1"
_CLIENTS = {"AWS::S3::Bucket": "s3", "AWS::ECR::Repository": "ecr"}


@dataclass
class FakeStack:
    """A stack's resources, by logical id: type, physical id, deletion policy."""

    resources: dict[str, tuple[str, str, str]]
    protected: bool = False
    events: list[dict[str, str]] = field(default_factory=list)


class FakeCloudFormation:
    """Stacks by name, in the order of their creation; it is its own paginator and waiter."""

    def __init__(self, stacks: dict[str, FakeStack]) -> None:
        self.stacks = stacks
        self._asked = ""

    def get_paginator(self, operation: str) -> "FakeCloudFormation":
        self._asked = operation
        return self

    def paginate(self, **given: str) -> Iterator[dict[str, Any]]:
        if self._asked == "describe_stacks":
            start = datetime(2026, 11, 23, tzinfo=UTC)
            for number, (name, stack) in enumerate(self.stacks.items()):
                created = start + timedelta(minutes=number)
                described = {"StackName": name, "CreationTime": created, "EnableTerminationProtection": stack.protected}
                yield {"Stacks": [described]}
            return
        for logical_id, (kind, name, _) in self.stacks[given["StackName"]].resources.items():
            summary = {"LogicalResourceId": logical_id, "ResourceType": kind, "PhysicalResourceId": name}
            yield {"StackResourceSummaries": [summary]}

    def get_template(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        parts = self.stacks[StackName].resources.items()
        return {"TemplateBody": {"Resources": {key: {"DeletionPolicy": policy} for key, (_, _, policy) in parts}}}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803 - the same
        stack = self.stacks[StackName]
        for logical_id, (kind, name, policy) in stack.resources.items():
            if policy == "Delete":
                try:
                    _delete(kind, name)
                except ClientError as error:
                    why = {"ResourceStatusReason": str(error), "LogicalResourceId": logical_id}
                    stack.events.append({"ResourceStatus": "DELETE_FAILED", **why})
        if not stack.events:
            del self.stacks[StackName]

    def get_waiter(self, _: str) -> "FakeCloudFormation":
        return self

    def wait(self, *, StackName: str, **_: object) -> None:  # noqa: N803 - the same
        if StackName in self.stacks:
            raise WaiterError(name="stack_delete_complete", reason="DELETE_FAILED", last_response={})

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - the same
        return {"StackEvents": self.stacks[StackName].events}


def _delete(kind: str, name: str) -> None:
    client = boto3.client(_CLIENTS[kind], region_name=REGION)
    if kind == "AWS::S3::Bucket":
        client.delete_bucket(Bucket=name)
    else:
        client.delete_repository(repositoryName=name)
