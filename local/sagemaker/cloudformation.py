"""The CloudFormation types of SageMaker and Application Auto Scaling."""

import secrets
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from local.cloudformation.resource_type import run_on_worker_threads
from local.sagemaker import operations, shapes
from local.sagemaker.autoscaling import SERVICE, Scaling
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.errors import InvalidRequestError, ServiceError
from local.sagemaker.private import find
from local.sagemaker.records import ENDPOINT, ENDPOINT_CONFIG, MODEL, Kind, Record

_PROVISIONERS = "ministack.services.cloudformation.provisioners"
Made = tuple[str, dict[str, str]]
_NAME_LENGTH, _RANDOM = 50, 6
_TARGET_MEMBERS = ("ResourceId", "ScalableDimension", "ServiceNamespace")
_ONLY_ON_UPDATE = {"RetainAllVariantProperties", "RetainDeploymentConfig"}


P = ParamSpec("P")
R = TypeVar("R")


def _failing_the_stack(function: Callable[P, R]) -> Callable[P, R]:
    """Handlers fail a stack by ValueError; ours speak ServiceError."""

    def handler(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ServiceError as error:
            raise ValueError(error.message) from error

    return handler


def _name(kind: Kind, props: Record, stack_name: str, logical_id: str) -> str:
    """The name of the properties, else one that nothing had before: what was replaced may have been kept.

    As CloudFormation's own names it has the whole logical id, by which policies know a model; of a long stack's name
    only the beginning is left.
    """
    stack = stack_name[: max(_NAME_LENGTH - len(logical_id) - 1, 0)]
    return props.get(kind.name_member) or f"{stack}-{logical_id}-{secrets.token_hex(_RANDOM)}".lstrip("-")


class _Type:
    """A SageMaker type: Ref is the ARN, GetAtt `<Kind>Name` the name; a change of tags is made in place."""

    def __init__(self, kind: Kind, backend: Backend) -> None:
        self._kind, self._backend = kind, backend

    def name(self, arn: str) -> str:
        """The name behind a physical id."""
        name = self._backend.records.name_of(self._kind, arn)
        if name is None:
            raise InvalidRequestError(f"Could not find {self._kind.words} {arn!r}.")
        return name

    def params(self, props: Record, stack_name: str, logical_id: str) -> Record:
        """The request that creates the resource."""
        named = props | {self._kind.name_member: _name(self._kind, props, stack_name, logical_id)}
        operation = f"Create{self._kind.title}"
        params = shapes.cast("sagemaker", operation, named)
        operations.check(operation, params)
        return params

    def retag(self, arn: str, props: Record) -> None:
        """Give the resource the tags that its properties name."""
        self._backend.records.set_tags(arn, {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])})

    def made(self, arn: str) -> Made:
        """The physical id and the attributes."""
        return arn, {self._kind.name_member: self.name(arn)}


class RecordType(_Type):
    """Models and endpoint configurations: any change but one of tags replaces them."""

    def __init__(
        self, kind: Kind, backend: Backend, create: operations.Operation, delete: operations.Operation
    ) -> None:
        super().__init__(kind, backend)
        self._create, self._delete = create, delete

    def create(self, logical_id: str, props: Record, stack_name: str) -> Made:
        """Make it under a name of the stack's."""
        return self.made(self._create(self.params(props, stack_name, logical_id))[self._kind.arn_member])

    def update(self, arn: str, _old: Record, new: Record, _stack_name: str) -> Made:
        """Change its tags (the emulator replaces it for every other property)."""
        self.retag(arn, new)
        return self.made(arn)

    def delete(self, arn: str, _props: Record) -> None:
        """Remove it; fine when it's gone."""
        name = self._backend.records.name_of(self._kind, arn)
        if name is not None:
            self._delete({self._kind.name_member: name})


class EndpointType(_Type):
    """Endpoints: creation and updates wait until SageMaker is done, and fail the stack when it failed."""

    def __init__(self, backend: Backend, endpoints: Endpoints) -> None:
        super().__init__(ENDPOINT, backend)
        self._endpoints = endpoints

    def create(self, logical_id: str, props: Record, stack_name: str) -> Made:
        """Create it; one that fails is removed again, as the stack's rollback would."""
        kept = {name: value for name, value in props.items() if name not in _ONLY_ON_UPDATE}
        params = self.params(kept, stack_name, logical_id)
        arn, name = self._endpoints.create(params)["EndpointArn"], params["EndpointName"]
        record = self._endpoints.wait(name)
        if record["EndpointStatus"] != "InService":
            self._endpoints.delete_and_wait(name)
            raise ValueError(f"Endpoint {name} failed to start: {record.get('FailureReason')}")
        return self.made(arn)

    def update(self, arn: str, _old: Record, new: Record, _stack_name: str) -> Made:
        """Bring the new configuration into service; nothing restarts when it already is."""
        name = self.name(arn)
        changes = {key: value for key, value in new.items() if key not in ("EndpointName", "Tags")}
        params = shapes.cast("sagemaker", "UpdateEndpoint", changes | {"EndpointName": name})
        operations.check("UpdateEndpoint", params)
        wanted = params["EndpointConfigName"]
        record = self._endpoints.wait(name)
        if record["EndpointStatus"] != "InService" or record["EndpointConfigName"] != wanted:
            self._endpoints.update(params)
            record = self._endpoints.wait(name)
        if record["EndpointStatus"] != "InService" or record["EndpointConfigName"] != wanted:
            why = record.get("FailureReason") or f"it serves {record['EndpointConfigName']} as before"
            raise ValueError(f"Endpoint {name} failed to update: {why}")
        self.retag(arn, new)
        return self.made(arn)

    def delete(self, arn: str, _props: Record) -> None:
        """End it; fine when it's gone."""
        name = self._backend.records.name_of(ENDPOINT, arn)
        if name is not None:
            self._endpoints.delete_and_wait(name)


class TargetType:
    """Scalable targets: Ref is `<resource>|<dimension>|<namespace>`."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling

    def create(self, _logical_id: str, props: Record, _stack_name: str) -> Made:
        """Register it."""
        params = shapes.cast(SERVICE, "RegisterScalableTarget", props)
        shapes.check(SERVICE, "RegisterScalableTarget", params)
        arn = self._scaling.register_target(params)["ScalableTargetARN"]
        physical_id = "|".join(params[member] for member in _TARGET_MEMBERS)
        return physical_id, {"Id": physical_id, "ScalableTargetARN": arn}

    def update(self, _physical_id: str, _old: Record, new: Record, stack_name: str) -> Made:
        """Register it with the new capacities."""
        return self.create("", new, stack_name)

    def delete(self, physical_id: str, _props: Record) -> None:
        """Deregister it; fine when it's gone."""
        identity = dict(zip(_TARGET_MEMBERS, physical_id.split("|"), strict=True))
        if self._scaling.describe_targets({**identity})["ScalableTargets"]:
            self._scaling.deregister_target(identity)


class PolicyType:
    """Scaling policies: Ref is the ARN."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling

    def create(self, _logical_id: str, props: Record, _stack_name: str) -> Made:
        """Put it."""
        params = shapes.cast(SERVICE, "PutScalingPolicy", _with_target(props))
        shapes.check(SERVICE, "PutScalingPolicy", params)
        arn = self._scaling.put_policy(params)["PolicyARN"]
        return arn, {"Arn": arn}

    def update(self, _physical_id: str, _old: Record, new: Record, stack_name: str) -> Made:
        """Put it anew."""
        return self.create("", new, stack_name)

    def delete(self, _physical_id: str, props: Record) -> None:
        """Delete it; fine when it's gone, alone or with its target."""
        params = _with_target(props)
        identity = {member: params[member] for member in (*_TARGET_MEMBERS, "PolicyName")}
        named = {member: identity[member] for member in _TARGET_MEMBERS} | {"PolicyNames": [identity["PolicyName"]]}
        if self._scaling.describe_policies(named)["ScalingPolicies"]:
            self._scaling.delete_policy(identity)


def _with_target(props: Record) -> Record:
    """A policy's properties with its target spelled out."""
    target = props.get("ScalingTargetId", "").split("|")
    named = dict(zip(_TARGET_MEMBERS, target, strict=False)) if len(target) == len(_TARGET_MEMBERS) else {}
    return {name: value for name, value in props.items() if name != "ScalingTargetId"} | named


def register(backend: Backend, endpoints: Endpoints, scaling: Scaling) -> None:
    """Teach the emulator's CloudFormation the five types."""
    known = operations.build_operations(backend, endpoints)
    types: dict[str, Any] = {
        "AWS::SageMaker::Model": RecordType(MODEL, backend, known["CreateModel"], known["DeleteModel"]),
        "AWS::SageMaker::EndpointConfig": RecordType(
            ENDPOINT_CONFIG, backend, known["CreateEndpointConfig"], known["DeleteEndpointConfig"]
        ),
        "AWS::SageMaker::Endpoint": EndpointType(backend, endpoints),
        "AWS::ApplicationAutoScaling::ScalableTarget": TargetType(scaling),
        "AWS::ApplicationAutoScaling::ScalingPolicy": PolicyType(scaling),
    }
    replacing = {
        "AWS::SageMaker::Model": tuple(operations.HONOURED["CreateModel"] - {"Tags"}),
        "AWS::SageMaker::EndpointConfig": tuple(operations.HONOURED["CreateEndpointConfig"] - {"Tags"}),
        "AWS::SageMaker::Endpoint": ("EndpointName",),
        "AWS::ApplicationAutoScaling::ScalableTarget": _TARGET_MEMBERS,
        "AWS::ApplicationAutoScaling::ScalingPolicy": (*_TARGET_MEMBERS, "PolicyName", "ScalingTargetId"),
    }
    find(f"{_PROVISIONERS}._REPLACING_PROPERTIES").update(replacing)
    tagged = {name: ("Tags", "list") for name in types if "SageMaker" in name}
    find(f"{_PROVISIONERS}._STACK_TAG_PROPERTY").update(tagged)
    for name, handler in types.items():
        methods = {"create": handler.create, "update": handler.update, "delete": handler.delete}
        find(f"{_PROVISIONERS}._RESOURCE_HANDLERS")[name] = {
            method: _failing_the_stack(function) for method, function in methods.items()
        }
    run_on_worker_threads(types)
