"""How tests of claims reach into a template in order to break it."""

from collections.abc import Callable, Iterator
from typing import Any

from compliance.templates import Template

ENDPOINT = "Atoll-Endpoint-card-anomaly"
Body = dict[str, Any]
Mutation = Callable[[dict[str, Template]], object]
Claim = Callable[[dict[str, Template]], Iterator[str]]


def one(templates: dict[str, Template], stack: str, kind: str, start: str = "") -> Body:
    """The properties of the first resource of a type whose logical id begins with `start`."""
    found = (
        body.setdefault("Properties", {})
        for name, body in templates[stack]["Resources"].items()
        if body["Type"] == kind and name.startswith(start)
    )
    return next(found)


def whole(templates: dict[str, Template], stack: str, kind: str) -> Body:
    return next(body for body in templates[stack]["Resources"].values() if body["Type"] == kind)


def statement(templates: dict[str, Template], stack: str, policy: str, effect: str, action: str) -> Body:
    """The first statement of a policy that has this effect on this action."""
    document = one(templates, stack, "AWS::IAM::ManagedPolicy", policy)["PolicyDocument"]
    return next(
        each
        for each in document["Statement"]
        if each["Effect"] == effect
        and action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    )


def trust(templates: dict[str, Template], role: str) -> Body:
    """The statement that says who may assume a role of the training stack."""
    return one(templates, "Atoll-Training", "AWS::IAM::Role", role)["AssumeRolePolicyDocument"]["Statement"][0]


def drop(templates: dict[str, Template], stack: str, policy: str, effect: str, action: str) -> None:
    document = one(templates, stack, "AWS::IAM::ManagedPolicy", policy)["PolicyDocument"]
    document["Statement"].remove(statement(templates, stack, policy, effect, action))


def rename(body: Body, old: str, new: str) -> None:
    body[new] = body.pop(old)


def trail_bucket(templates: dict[str, Template]) -> str:
    return one(templates, "Atoll-Foundation", "AWS::CloudTrail::Trail")["S3BucketName"]["Ref"]


EXECUTE = "cloudformation:ExecuteChangeSet"
CREATE = "cloudformation:CreateChangeSet"
CONTAINER = "ContainerDefinitions"
