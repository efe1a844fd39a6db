"""SageMaker's condition keys, by where the requests of its API hold their values.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from collections.abc import Mapping
from typing import Any

import jmespath

# JMESPath over the request.
_KEYS = {
    "sagemaker:NetworkIsolation": "EnableNetworkIsolation || NetworkConfig.EnableNetworkIsolation || `false`",
    "sagemaker:InterContainerTrafficEncryption": "EnableInterContainerTrafficEncryption || "
    "NetworkConfig.EnableInterContainerTrafficEncryption || `false`",
    "sagemaker:VolumeKmsKey": "ResourceConfig.VolumeKmsKeyId || ProcessingResources.ClusterConfig.VolumeKmsKeyId || "
    "KmsKeyId",
    "sagemaker:OutputKmsKey": "OutputDataConfig.KmsKeyId || ProcessingOutputConfig.KmsKeyId",
    "sagemaker:VpcSubnets": "VpcConfig.Subnets || NetworkConfig.VpcConfig.Subnets",
    "sagemaker:VpcSecurityGroupIds": "VpcConfig.SecurityGroupIds || NetworkConfig.VpcConfig.SecurityGroupIds",
    "sagemaker:InstanceTypes": "[ResourceConfig.InstanceType, ProcessingResources.ClusterConfig.InstanceType, "
    "ProductionVariants[].InstanceType][] | [?@]",
    "sagemaker:MaxRuntimeInSeconds": "StoppingCondition.MaxRuntimeInSeconds",
}
_NETWORK = ("sagemaker:NetworkIsolation", "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds")
_ENCRYPTION = ("sagemaker:VolumeKmsKey", "sagemaker:OutputKmsKey", "sagemaker:InstanceTypes")
_ISOLATED_JOB = (*_NETWORK, *_ENCRYPTION, "sagemaker:InterContainerTrafficEncryption", "sagemaker:MaxRuntimeInSeconds")
_KEYS_OF = {
    "CreateHyperParameterTuningJob": _ISOLATED_JOB,
    "CreateTrainingJob": _ISOLATED_JOB,
    "CreateProcessingJob": _ISOLATED_JOB,
    "CreateModel": _NETWORK,
    "CreateEndpointConfig": ("sagemaker:VolumeKmsKey", "sagemaker:InstanceTypes"),
}
_COMPILED = {name: jmespath.compile(expression) for name, expression in _KEYS.items()}


def condition_keys(operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """SageMaker's condition keys that an operation has, without those that the request leaves out."""
    found = {name: _COMPILED[name].search(params) for name in _KEYS_OF.get(operation, ())}
    return {name: _text(value) for name, value in found.items() if value not in (None, [])}


def tag_keys(params: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the tags in a request, and of the names of tags to remove."""
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    names = [*tags, *params.get("TagKeys", [])]
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | ({"aws:TagKeys": names} if names else {})


def _text(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
