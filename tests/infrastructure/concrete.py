"""What only the templates know, put in the places of its names: our keys, subnets, buckets, roles."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compliance.templates import Template
from tests.infrastructure.policies import Request, output

Templates = Mapping[str, Template]
BUCKETS = ("AuditBucket", "ReleaseBucket", "DataBucket")
OUR_KEY, OUR_SUBNETS, OUR_GROUP = "our key", "our subnets", "our group"
SAFE: dict[str, object] = {
    "sagemaker:NetworkIsolation": "true",
    "sagemaker:InterContainerTrafficEncryption": "true",
    "sagemaker:OutputKmsKey": OUR_KEY,
    "sagemaker:VolumeKmsKey": OUR_KEY,
    "sagemaker:VpcSubnets": OUR_SUBNETS,
    "sagemaker:VpcSecurityGroupIds": OUR_GROUP,
    "sagemaker:InstanceTypes": ["ml.m5.xlarge"],
    "sagemaker:MaxRuntimeInSeconds": "3600",
}


def named(templates: Templates, value: object) -> object:
    """Put what the Foundation publishes in the places of our key, subnets and group."""
    ours: dict[str, Any] = {
        OUR_KEY: output(templates, "Atoll-Foundation", "JobKeyArn"),
        OUR_SUBNETS: output(templates, "Atoll-Foundation", "JobSubnetIds").split(","),
        OUR_GROUP: [output(templates, "Atoll-Foundation", "JobSecurityGroupId")],
    }
    if isinstance(value, list):
        return list(itertools.chain.from_iterable(ours.get(each, [each]) for each in value))
    return ours.get(str(value), value)


def concrete(templates: Templates, request: Request) -> Request:
    """Put the outputs in the places of their names (`<stack.key>`)."""

    def named_output(text: str) -> str:
        for stack, key in (
            ("Atoll-Release", "EndpointServiceRoleArn"),
            *(("Atoll-Foundation", each) for each in BUCKETS),
        ):
            text = text.replace(f"<{stack}.{key}", output(templates, stack, key).removesuffix(">"))
        return text

    keys = {key: named_output(str(value)) for key, value in request.keys.items()}
    return replace(request, resource=named_output(request.resource), keys=keys)
