"""What CloudFormation needs for a resource of a template: the rights of the role (or caller) that carries a change out.

Which actions a type's handlers call stands in AWS's own schema of the type (`handlers.<handler>.permissions`):
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html; `handlers.json` keeps them
for the types of our templates, out of cfn-lint's copy; tests hold it against that.
A handler's list names what it may call; what it calls for some properties only is named here. Creating and updating
are followed by reading. On which resources and with which keys: here for the types of an endpoint's stack, `*` for all
others, so that nobody but an administrator passes where we haven't looked.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.rights import scaling
from local.rights.identity import Right
from local.rights.sagemaker_keys import condition_keys, tag_keys

Props = Mapping[str, Any]
HANDLERS = Path(__file__).parent / "handlers.json"
_GENERATED = "aBcDeFgHiJkL"
_SCALING = "application-autoscaling"
_LINKED = "sagemaker.application-autoscaling.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that CloudFormation creates, updates or deletes.

    Args:
        kind: The type, `AWS::SageMaker::Model`.
        handler: `create`, `update` or `delete`.
        logical_id: In the template.
        props: Its properties, resolved.
        place: How ARNs begin, `arn:aws:{service}:us-east-1:123456789012:`.
    """

    kind: str
    handler: str
    logical_id: str
    props: Props
    place: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of this account and region."""
        return self.place.format(service=service) + resource

    def name(self, member: str) -> str:
        """The name in the properties, else one as CloudFormation generates it: logical id and random letters."""
        return str(self.props.get(member) or f"{self.logical_id}-{_GENERATED}").rpartition("/")[2]


def rights(change: Change) -> Iterator[Right]:
    """Give all rights that a change needs."""
    if change.kind.startswith("Custom::") or change.kind == "AWS::CloudFormation::CustomResource":
        yield Right("lambda:InvokeFunction", (change.props.get("ServiceToken", "*"),))
        return
    for action in _actions(change):
        if action in _ONLY_WITH and not _ONLY_WITH[action](change):
            continue
        yield from _needed(action, change)
    if change.kind.startswith("AWS::ApplicationAutoScaling::"):
        resource = change.props.get("ResourceId") or change.props.get("ScalingTargetId", "").partition("|")[0]
        yield from scaling.tried_first(_TRIED[change.kind, change.handler], resource, place=change.place)


def _actions(change: Change) -> list[str]:
    handlers = _handlers().get(change.kind, {})
    if change.handler not in handlers:  # AWS publishes no list, or none is kept: nobody knows what it needs
        return [f"{change.kind.split('::')[1].lower()}:*"]
    after = [] if change.handler == "delete" else handlers.get("read", [])
    return list(dict.fromkeys([*handlers[change.handler], *after]))


@cache
def _handlers() -> dict[str, dict[str, list[str]]]:
    return json.loads(HANDLERS.read_text(encoding="utf-8"))


def _needed(action: str, change: Change) -> Iterator[Right]:
    service = action.partition(":")[0]
    finder = _OF_ACTION.get(action) or _OF_TYPE.get((change.kind, service))
    resources, keys = finder(change) if finder else (("*",), {})
    operation = action.partition(":")[2]
    if operation.startswith("Create") and change.kind.startswith("AWS::SageMaker::"):
        keys = keys | condition_keys(operation, change.props) | tag_keys(change.props)
    if action == "sagemaker:AddTags":
        creating = {"sagemaker:TaggingAction": f"Create{change.kind.split('::')[2]}"}
        keys = keys | tag_keys(change.props) | (creating if change.handler == "create" else {})
    yield Right(action, resources, keys)


Found = tuple[tuple[str, ...], dict[str, Any]]


def _named(service: str, prefix: str, member: str) -> Callable[[Change], Found]:
    return lambda change: ((change.arn(service, f"{prefix}{change.name(member)}"),), {})


def _endpoint_and_config(change: Change) -> Found:
    endpoint, config = change.name("EndpointName"), change.props["EndpointConfigName"].rpartition("/")[2]
    arns = change.arn("sagemaker", f"endpoint/{endpoint}"), change.arn("sagemaker", f"endpoint-config/{config}")
    return arns, {}


def _scalable_target(change: Change) -> Found:
    keys = {f"{_SCALING}:service-namespace": "sagemaker"}
    return (change.arn(_SCALING, f"scalable-target/{_GENERATED}"),), keys


def _passed_role(change: Change) -> Found:
    return (change.props.get("ExecutionRoleArn", "*"),), {"iam:PassedToService": "sagemaker.amazonaws.com"}


def _linked_role(change: Change) -> Found:
    _, partition, _, _, account, _ = change.arn("iam", "").split(":")
    path = f"aws-service-role/{_LINKED}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return (f"arn:{partition}:iam::{account}:role/{path}",), {"iam:AWSServiceName": _LINKED}


def _key(change: Change) -> Found:
    return (change.props.get("KmsKeyId", "*"),), {}


_OF_TYPE: dict[tuple[str, str], Callable[[Change], Found]] = {
    ("AWS::SageMaker::Model", "sagemaker"): _named("sagemaker", "model/", "ModelName"),
    ("AWS::SageMaker::EndpointConfig", "sagemaker"): _named("sagemaker", "endpoint-config/", "EndpointConfigName"),
    ("AWS::SageMaker::Endpoint", "sagemaker"): _named("sagemaker", "endpoint/", "EndpointName"),
    ("AWS::SageMaker::Model", "iam"): _passed_role,
    ("AWS::SageMaker::EndpointConfig", "kms"): _key,
    ("AWS::CloudWatch::Alarm", "cloudwatch"): _named("cloudwatch", "alarm:", "AlarmName"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", _SCALING): _scalable_target,
    ("AWS::ApplicationAutoScaling::ScalableTarget", "iam"): _linked_role,
    ("AWS::ApplicationAutoScaling::ScalingPolicy", _SCALING): _scalable_target,
}
_OF_ACTION: dict[str, Callable[[Change], Found]] = {
    "cloudwatch:DescribeAlarms": lambda change: ((change.arn("cloudwatch", "alarm:*"),), {}),
    "sagemaker:CreateEndpoint": _endpoint_and_config,
    "sagemaker:UpdateEndpoint": _endpoint_and_config,
}
_TRIED = {
    ("AWS::ApplicationAutoScaling::ScalableTarget", "create"): "RegisterScalableTarget",
    ("AWS::ApplicationAutoScaling::ScalableTarget", "update"): "RegisterScalableTarget",
    ("AWS::ApplicationAutoScaling::ScalableTarget", "delete"): "DeregisterScalableTarget",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "create"): "PutScalingPolicy",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "update"): "PutScalingPolicy",
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "delete"): "DeleteScalingPolicy",
}


def _given(member: str) -> Callable[[Change], bool]:
    return lambda change: bool(change.props.get(member))


def _is_not_scaling(change: Change) -> bool:
    """Say whether alarms are the handler's own; those of scaling are its service's trial calls (`scaling`)."""
    return not change.kind.startswith("AWS::ApplicationAutoScaling::")


_ONLY_WITH: dict[str, Callable[[Change], bool]] = {
    f"{_SCALING}:DeleteScheduledAction": _given("ScheduledActions"),
    f"{_SCALING}:PutScheduledAction": _given("ScheduledActions"),
    f"{_SCALING}:TagResource": _given("Tags"),
    f"{_SCALING}:UntagResource": _given("Tags"),
    "cloudwatch:DeleteAlarms": _is_not_scaling,
    "cloudwatch:DescribeAlarms": _is_not_scaling,
    "cloudwatch:GetMetricData": _given("PredictiveScalingPolicyConfiguration"),
    "cloudwatch:PutMetricAlarm": _is_not_scaling,
    "cloudwatch:UntagResource": _given("Tags"),
    "iam:CreateServiceLinkedRole": lambda change: not change.props.get("RoleARN"),
    "iam:PassRole": lambda change: bool(change.props.get("ExecutionRoleArn") or change.props.get("RoleARN")),
    "kms:DescribeKey": _given("KmsKeyId"),
    "lambda:DeleteProvisionedConcurrencyConfig": lambda change: change.props.get("ServiceNamespace") == "lambda",
    "lambda:GetProvisionedConcurrencyConfig": lambda change: change.props.get("ServiceNamespace") == "lambda",
    "lambda:PutProvisionedConcurrencyConfig": lambda change: change.props.get("ServiceNamespace") == "lambda",
}
