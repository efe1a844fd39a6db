"""The IAM rights that a call needs: its action on its resources, tags on creation, and the roles it passes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jmespath

from local.sagemaker.emulator import SERVICE_PRINCIPAL
from local.sagemaker.private import find
from local.sagemaker.records import ENDPOINT, ENDPOINT_CONFIG, KINDS, MODEL, Kind, Record, Records

# Condition keys by where the requests hold their values (JMESPath over the request).
_KEYS = {
    "sagemaker:NetworkIsolation": "EnableNetworkIsolation || NetworkConfig.EnableNetworkIsolation || `false`",
    "sagemaker:InterContainerTrafficEncryption": "EnableInterContainerTrafficEncryption || "
    "NetworkConfig.EnableInterContainerTrafficEncryption || `false`",
    "sagemaker:VolumeKmsKey": "ResourceConfig.VolumeKmsKeyId || ProcessingResources.ClusterConfig.VolumeKmsKeyId || "
    "TransformResources.VolumeKmsKeyId || KmsKeyId",
    "sagemaker:OutputKmsKey": "OutputDataConfig.KmsKeyId || ProcessingOutputConfig.KmsKeyId || "
    "TransformOutput.KmsKeyId",
    "sagemaker:VpcSubnets": "VpcConfig.Subnets || NetworkConfig.VpcConfig.Subnets",
    "sagemaker:VpcSecurityGroupIds": "VpcConfig.SecurityGroupIds || NetworkConfig.VpcConfig.SecurityGroupIds",
    "sagemaker:InstanceTypes": "[ResourceConfig.InstanceType, ProcessingResources.ClusterConfig.InstanceType, "
    "TransformResources.InstanceType, ProductionVariants[].InstanceType][] | [?@]",
    "sagemaker:MaxRuntimeInSeconds": "StoppingCondition.MaxRuntimeInSeconds",
}
_NETWORK = ("sagemaker:NetworkIsolation", "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds")
_ENCRYPTION = ("sagemaker:VolumeKmsKey", "sagemaker:OutputKmsKey", "sagemaker:InstanceTypes")
_ISOLATED_JOB = (*_NETWORK, *_ENCRYPTION, "sagemaker:InterContainerTrafficEncryption", "sagemaker:MaxRuntimeInSeconds")
_KEYS_OF = {
    "CreateTrainingJob": _ISOLATED_JOB,
    "CreateProcessingJob": _ISOLATED_JOB,
    "CreateTransformJob": _ENCRYPTION,
    "CreateModel": _NETWORK,
    "CreateEndpointConfig": ("sagemaker:VolumeKmsKey", "sagemaker:InstanceTypes"),
}
_COMPILED = {name: jmespath.compile(expression) for name, expression in _KEYS.items()}
_ON_CONFIG_TOO = ("CreateEndpoint", "UpdateEndpoint")


@dataclass(frozen=True)
class Right:
    """An action on a resource, with the condition keys of the request."""

    action: str
    resource: str
    keys: dict[str, Any] = field(default_factory=dict)


def rights(operation: str, params: Record, records: Records) -> Iterator[Right]:
    """The rights that a SageMaker operation needs, in the order in which they are checked."""
    kind = _kind(operation)
    resource = _resource(kind, params)
    tagged = _tag_keys(params)
    keys = tagged | condition_keys(operation, params) | _model_arns(operation, params)
    keys |= {f"aws:ResourceTag/{key}": value for key, value in records.tags(resource).items()}
    yield Right(f"sagemaker:{operation}", resource, keys)
    if operation in _ON_CONFIG_TOO:
        yield Right(f"sagemaker:{operation}", ENDPOINT_CONFIG.arn(params["EndpointConfigName"]), keys)
    if operation.startswith("Create") and params.get("Tags"):
        yield Right("sagemaker:AddTags", resource, tagged | {"sagemaker:TaggingAction": operation})
    for role in (params.get("RoleArn"), params.get("ExecutionRoleArn")):
        if role:
            yield Right("iam:PassRole", role, {"iam:PassedToService": SERVICE_PRINCIPAL})


def invocation(endpoint: str, headers: dict[str, str], records: Records) -> Right:
    """The right to invoke an endpoint."""
    arn = ENDPOINT.arn(endpoint)
    keys = {f"aws:ResourceTag/{key}": value for key, value in records.tags(arn).items()}
    if "x-amzn-sagemaker-target-model" in headers:
        keys["sagemaker:TargetModel"] = headers["x-amzn-sagemaker-target-model"]
    return Right("sagemaker:InvokeEndpoint", arn, keys)


def condition_keys(operation: str, params: Record) -> dict[str, Any]:
    """SageMaker's condition keys that an operation has, without those that the request leaves out."""
    found = {name: _COMPILED[name].search(params) for name in _KEYS_OF.get(operation, ())}
    return {name: _text(value) for name, value in found.items() if value not in (None, [])}


def denial(
    right: Right, service: str, headers: dict[str, str], query: dict[str, Any]
) -> tuple[int, dict[str, str], bytes] | None:
    """None when the caller has the right; else the refusal as an HTTP answer."""
    return find("ministack.app._enforce_data_plane")(
        service,
        right.action,
        headers,
        query,
        "",
        resource_arn=right.resource,
        service_context=right.keys,
        named_resource=right.resource,
    )


def _kind(operation: str) -> Kind | None:
    return next((kind for kind in KINDS if operation.removeprefix("List").endswith(kind.title)), None)


def _resource(kind: Kind | None, params: Record) -> str:
    if kind and kind.name_member in params:
        return kind.arn(params[kind.name_member])
    return params.get("ResourceArn", "*")


def _tag_keys(params: Record) -> dict[str, Any]:
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    names = [*tags, *params.get("TagKeys", [])]
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | ({"aws:TagKeys": names} if names else {})


def _model_arns(operation: str, params: Record) -> dict[str, Any]:
    if operation == "CreateTransformJob":
        return {"sagemaker:ModelArn": MODEL.arn(params["ModelName"])}
    if operation == "CreateEndpointConfig":
        names = [variant["ModelName"] for variant in params["ProductionVariants"] if "ModelName" in variant]
        return {"sagemaker:ModelArn": [MODEL.arn(name) for name in names]}
    return {}


def _text(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
