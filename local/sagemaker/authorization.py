"""The IAM rights that a call needs: its action on its resources, tags on creation, and the roles it passes."""

from collections.abc import Iterator
from typing import Any

from local import iam
from local.rights.identity import Right
from local.rights.sagemaker_keys import condition_keys, tag_keys
from local.sagemaker.emulator import SERVICE_PRINCIPAL
from local.sagemaker.private import find
from local.sagemaker.records import ENDPOINT, ENDPOINT_CONFIG, KINDS, MODEL, Kind, Record, Records

_ON_CONFIG_TOO = ("CreateEndpoint", "UpdateEndpoint")


def rights(operation: str, params: Record, records: Records) -> Iterator[Right]:
    """The rights that a SageMaker operation needs, in the order in which they are checked."""
    kind = _kind(operation)
    resource = _resource(kind, params)
    tagged = tag_keys(params)
    asked = params | params.get("TrainingJobDefinition", {})  # of a tuning job: what its training jobs are like
    keys = tagged | condition_keys(operation, asked) | _model_arns(operation, params)
    keys |= {f"aws:ResourceTag/{key}": value for key, value in records.tags(resource).items()}
    config = (ENDPOINT_CONFIG.arn(params["EndpointConfigName"]),) if operation in _ON_CONFIG_TOO else ()
    yield Right(f"sagemaker:{operation}", (resource, *config), keys)
    if operation.startswith("Create") and params.get("Tags"):
        yield Right("sagemaker:AddTags", (resource,), tagged | {"sagemaker:TaggingAction": operation})
    for role in (asked.get("RoleArn"), asked.get("ExecutionRoleArn")):
        if role:
            yield Right("iam:PassRole", (role,), {"iam:PassedToService": SERVICE_PRINCIPAL})


def invocation(endpoint: str, headers: dict[str, str], records: Records) -> Right:
    """The right to invoke an endpoint."""
    arn = ENDPOINT.arn(endpoint)
    keys: dict[str, Any] = {f"aws:ResourceTag/{key}": value for key, value in records.tags(arn).items()}
    if "x-amzn-sagemaker-target-model" in headers:
        keys["sagemaker:TargetModel"] = headers["x-amzn-sagemaker-target-model"]
    return Right("sagemaker:InvokeEndpoint", (arn,), keys)


def denial(
    right: Right, service: str, headers: dict[str, str], query: dict[str, Any]
) -> tuple[int, dict[str, str], bytes] | None:
    """None when the caller has the right on each of its resources; else the refusal as an HTTP answer."""
    return find("ministack.app._enforce_data_plane")(
        service,
        right.action,
        headers,
        query,
        "",
        resource_arn=right.resources[0],
        service_context=dict(right.keys) | {iam.NAMED: right.resources},
        named_resource=right.resources[0],
    )


def _kind(operation: str) -> Kind | None:
    return next((kind for kind in KINDS if operation.removeprefix("List").endswith(kind.title)), None)


def _resource(kind: Kind | None, params: Record) -> str:
    if kind and kind.name_member in params:
        return kind.arn(params[kind.name_member])
    return params.get("ResourceArn", "*")


def _model_arns(operation: str, params: Record) -> dict[str, Any]:
    if operation == "CreateEndpointConfig":
        names = [variant["ModelName"] for variant in params["ProductionVariants"] if "ModelName" in variant]
        return {"sagemaker:ModelArn": [MODEL.arn(name) for name in names]}
    return {}
