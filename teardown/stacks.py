"""What a teardown does to stacks: find Atoll's, empty what would block their deletion, delete them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import WaiterError

BUCKET, REPOSITORY = "AWS::S3::Bucket", "AWS::ECR::Repository"
_PREFIX = "Atoll-"
_MOST_IMAGES = 100  # that one call deletes


class TeardownError(Exception):
    """The deployment can't be taken down; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack: its type, its id in AWS, and whether it outlives the stack (or leaves a snapshot)."""

    type: str
    physical_id: str
    stays: bool


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One deployed stack and its resources."""

    name: str
    protected: bool
    resources: tuple[Resource, ...]

    @property
    def filled(self) -> Iterator[Resource]:
        """What CloudFormation deletes only when it is empty."""
        return (each for each in self.resources if each.type in {BUCKET, REPOSITORY} and not each.stays)


def deployed(cloudformation: Any) -> list[Stack]:  # noqa: ANN401 - boto3 makes its clients at run time
    """Give Atoll's stacks, the newest first: no stack is older than one that it imports from."""
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    found = [each for page in pages for each in page["Stacks"] if each["StackName"].startswith(_PREFIX)]
    found.sort(key=lambda each: each["CreationTime"], reverse=True)
    return [
        Stack(
            name=each["StackName"],
            protected=each.get("EnableTerminationProtection", False),
            resources=tuple(_resources(cloudformation, each["StackName"])),
        )
        for each in found
    ]


def _resources(cloudformation: Any, stack: str) -> Iterator[Resource]:  # noqa: ANN401 - the same
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for each in (summary for page in pages for summary in page["StackResourceSummaries"]):
        policy = template["Resources"].get(each["LogicalResourceId"], {}).get("DeletionPolicy", "Delete")
        kind, physical_id = each["ResourceType"], each.get("PhysicalResourceId", "")
        if each.get("ResourceStatus") != "DELETE_COMPLETE":
            yield Resource(type=kind, physical_id=physical_id, stays=policy != "Delete")


def empty_bucket(s3: Any, name: str) -> int:  # noqa: ANN401 - the same
    """Delete every version and delete marker of a bucket; how many.

    Raises:
        TeardownError: S3 refused some.
    """
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        listed = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in listed]
        if objects:
            answer = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
            if refused := answer.get("Errors"):
                raise TeardownError(f"{name}: S3 keeps {refused[0]['Key']}: {refused[0]['Message']}")
        count += len(objects)
    return count


def empty_repository(ecr: Any, name: str) -> int:  # noqa: ANN401 - the same
    """Delete every image of a repository; how many."""
    pages = ecr.get_paginator("list_images").paginate(repositoryName=name)
    digests = sorted({each["imageDigest"] for page in pages for each in page["imageIds"]})
    for start in range(0, len(digests), _MOST_IMAGES):
        images = [{"imageDigest": each} for each in digests[start : start + _MOST_IMAGES]]
        ecr.batch_delete_image(repositoryName=name, imageIds=images)
    return len(digests)


def delete(cloudformation: Any, stack: str, *, seconds: int = 3600) -> None:  # noqa: ANN401 - the same
    """Delete a stack and wait until it is gone.

    Raises:
        TeardownError: it is not gone in time; with CloudFormation's reasons.
    """
    cloudformation.delete_stack(StackName=stack)
    wait = {"Delay": 10, "MaxAttempts": seconds // 10}
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=wait)
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [each for each in events if each["ResourceStatus"] == "DELETE_FAILED"]
        said = "; ".join(
            f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', 'no reason')}" for each in failed
        )
        raise TeardownError(f"{stack} is still there: {said or error}. Mend that, and run this again") from error
