"""The buckets' policies, put to a policy evaluator: a function's credentials work inside the network only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from compliance.templates import Template, read_templates, resources
from tests.infrastructure.policies import ACCOUNT, PARTITION, REGION, resolved

FOUNDATION = "Atoll-Foundation"
BUCKETS = ("Data", "Release", "Audit")


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> dict[str, Template]:
    return read_templates(assembly("govcloud-west"))


def decision(templates: dict[str, Template], bucket: str, action: str, **keys: str) -> str:
    """What the bucket's own policy says of an action on an object, over TLS 1.2, with these keys of the request."""
    policies = {each.logical_id: each for each in resources(templates, "AWS::S3::BucketPolicy")}
    policy = next(body for name, body in policies.items() if name.startswith(bucket))
    name = policy.properties["Bucket"]["Ref"]
    context = EvalContext(
        principal_arn=f"arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/Role/session",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=f"<{FOUNDATION}.{name}.Arn>/models/x",
        region=REGION,
        secure_transport=True,
        service_context={"s3:tlsversion": "1.3", **{key.lower(): value for key, value in keys.items()}},
    )
    document = resolved(templates, FOUNDATION, policy.properties["PolicyDocument"])
    return evaluate_resource_policy(json.dumps(document), context).decision


def our_vpc(templates: dict[str, Template]) -> str:
    [vpc] = resources(templates, "AWS::EC2::VPC")
    return f"<{FOUNDATION}.{vpc.logical_id}>"


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention"])
def test_a_machines_credentials_are_refused_outside_the_network(
    templates: dict[str, Template], bucket: str, action: str
) -> None:
    machine = {"aws:PrincipalTag/atoll:network": "vpc"}
    assert decision(templates, bucket, action, **machine) == "Deny"
    assert decision(templates, bucket, action, **machine, **{"aws:SourceVpc": "vpc-other"}) == "Deny"
    assert decision(templates, bucket, action, **machine, **{"aws:SourceVpc": our_vpc(templates)}) != "Deny"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_people_and_jobs_are_not_locked_out(templates: dict[str, Template], bucket: str) -> None:
    assert decision(templates, bucket, "s3:GetObject", **{"aws:PrincipalTag/uid": "alice"}) != "Deny"
    assert decision(templates, bucket, "s3:GetObject") != "Deny"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_the_policy_itself_can_always_be_mended(templates: dict[str, Template], bucket: str) -> None:
    machine = {"aws:PrincipalTag/atoll:network": "vpc"}
    assert decision(templates, bucket, "s3:PutBucketPolicy", **machine) != "Deny"
