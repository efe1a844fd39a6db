"""What CloudFormation's narrow role needs for every resource of an endpoint's stack, made, changed and taken away.

The local AWS asks the role the same (`local.cloudformation.acting`), there on a release; here for every environment.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from compliance.synth import ROOT
from compliance.templates import Template, resources
from local.rights import types
from local.rights.identity import Identity, Right
from tests.infrastructure import handlers
from tests.infrastructure.policies import PARTITION, policies_of_role, resolved

ROLE = "EndpointServiceRole"
ARN = re.compile(r"<(Atoll-[^.>]+)\.(\w+)\.Arn>")
KINDS = {"AWS::IAM::Role": "arn:{partition}:iam::1:role/{name}", "AWS::KMS::Key": "arn:{partition}:kms:r:1:key/{name}"}


def place(environment: str) -> str:
    deployment = tomllib.loads((ROOT / "environments" / f"{environment}.toml").read_text())["deployment"]
    return f"arn:{PARTITION}:{{service}}:{deployment['region']}:{deployment['account']}:"


def spelled(templates: dict[str, Template], stack: str, value: object) -> Any:  # noqa: ANN401 - any part of a template
    """Resolve references, those to the ARNs of roles and keys into the form that ARNs have."""

    def arn(found: re.Match[str]) -> str:
        kind = templates[found[1]]["Resources"][found[2]]["Type"]
        return KINDS[kind].format(partition=PARTITION, name=found[2]) if kind in KINDS else found[0]

    return json.loads(ARN.sub(arn, json.dumps(resolved(templates, stack, value))))


def narrow_role(templates: dict[str, Template], environment: str) -> Identity:
    (role,) = (each for each in resources(templates, "AWS::IAM::Role") if each.logical_id.startswith(ROLE))
    documents = [
        spelled(templates, each.stack, each.properties["PolicyDocument"])
        for each in resources(templates, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
        if each.logical_id.startswith(ROLE)
    ]
    arn = place(environment).format(service="sts").replace(place(environment).split(":")[3], "")
    return Identity.with_policies(f"{arn}assumed-role/{role.logical_id}/AWSCloudFormation", documents)


def changes(templates: dict[str, Template], environment: str) -> Iterator[types.Change]:
    for each in resources({name: it for name, it in templates.items() if name.startswith("Atoll-Endpoint-")}):
        props = spelled(templates, each.stack, each.properties)
        if "ScalingTargetId" in props:  # its Ref is `<resource>|<dimension>|<namespace>`
            target = templates[each.stack]["Resources"][each.properties["ScalingTargetId"]["Ref"]]
            props["ScalingTargetId"] = f"{target['Properties']['ResourceId']}|dimension|sagemaker"
        if each.type == "AWS::CloudWatch::Alarm":  # CloudFormation tags what it makes with its stack
            props.setdefault("Tags", [{"Key": "aws:cloudformation:stack-name", "Value": each.stack}])
        for handler in ("create", "update", "delete"):
            yield types.Change(
                kind=each.type, handler=handler, logical_id=each.logical_id, props=props, place=place(environment)
            )


def refusals(identity: Identity, asked: Iterator[types.Change], environment: str) -> list[str]:
    region = place(environment).split(":")[3]
    found = [(each, identity.refusal(right, region=region)) for each in asked for right in types.rights(each)]
    return [f"{each.logical_id}, {each.handler}: {why}" for each, why in found if why]


def test_the_narrow_role_may_do_what_each_resource_of_an_endpoint_needs(
    templates: dict[str, Template], environment: str
) -> None:
    if not any(name.startswith("Atoll-Endpoint-") for name in templates):
        pytest.skip(f"{environment} has no models")
    assert refusals(narrow_role(templates, environment), changes(templates, environment), environment) == []


def test_what_the_local_aws_knows_of_our_types_is_what_aws_publishes(templates: dict[str, Template]) -> None:
    kept = json.loads(types.HANDLERS.read_text(encoding="utf-8"))
    published = handlers.of_types({each.type for each in resources(templates)})
    assert {kind: kept.get(kind) for kind in published} == published, "python -m tests.infrastructure.handlers"


def test_the_role_of_an_endpoint_may_look_at_the_alarms_that_end_its_deployment(
    templates: dict[str, Template], environment: str
) -> None:
    if "Atoll-Training" not in templates:
        pytest.skip(f"{environment} has no models")
    region = place(environment).split(":")[3]
    serving = policies_of_role(templates, "JobsServing")
    identity = Identity.with_policies(f"arn:{PARTITION}:sts::1:assumed-role/Serving/SageMaker", serving)
    look = Right("cloudwatch:DescribeAlarms", (f"{place(environment).format(service='cloudwatch')}alarm:*",))
    assert identity.refusal(look, region=region) is None
