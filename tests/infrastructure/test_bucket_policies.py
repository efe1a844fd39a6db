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


def record_decision(templates: dict[str, Template], action: str, key: str, who: str = "someone", **keys: str) -> str:
    """What the audit bucket's policy says of an action of a role on an object, or on the bucket itself (key "")."""
    policies = {each.logical_id: each for each in resources(templates, "AWS::S3::BucketPolicy")}
    policy = next(body for name, body in policies.items() if name.startswith("Audit"))
    bucket = f"<{FOUNDATION}.{policy.properties['Bucket']['Ref']}.Arn>"
    context = EvalContext(
        principal_arn=f"arn:{PARTITION}:iam::{ACCOUNT}:role/{who}",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=f"{bucket}/{key}" if key else bucket,
        region=REGION,
        secure_transport=True,
        service_context={"s3:tlsversion": "1.3", **{key.lower(): value for key, value in keys.items()}},
    )
    document = resolved(templates, FOUNDATION, policy.properties["PolicyDocument"])
    return evaluate_resource_policy(json.dumps(document), context).decision


RECORD = ("audit/m/r/x.json", "chain/m/00000001.json", "checkpoint/m/1.json", "reasons/m/r.json", "notes/m/j.json")
IF_ABSENT = {"s3:if-none-match": "*"}
DEPLOYING = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"


@pytest.mark.parametrize("key", RECORD)
def test_the_record_takes_put_if_absent_and_nothing_else_from_anybody(templates: dict[str, Template], key: str) -> None:
    for who in ("Admin", DEPLOYING, "atoll/agency-Atoll-Release-TrainingCompletedRole-1"):
        assert record_decision(templates, "s3:PutObject", key, who) == "Deny"  # a copy or a part carries no header
        for action in (
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:PutObjectRetention",
            "s3:PutObjectLegalHold",
            "s3:BypassGovernanceRetention",
            "s3:ReplicateObject",
            "s3:ReplicateDelete",
        ):
            assert record_decision(templates, action, key, who, **IF_ABSENT) == "Deny", action
    assert record_decision(templates, "s3:GetObjectVersion", key) != "Deny"


def test_the_trail_may_be_delivered_and_end(templates: dict[str, Template]) -> None:
    for action in ("s3:PutObject", "s3:DeleteObjectVersion"):
        assert record_decision(templates, action, f"trail/AWSLogs/{ACCOUNT}/x") != "Deny"


@pytest.mark.parametrize("action", ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:PutLifecycleConfiguration"])
def test_cloudformation_alone_changes_the_rules_of_the_record(templates: dict[str, Template], action: str) -> None:
    assert record_decision(templates, action, "", "Admin") == "Deny"
    assert record_decision(templates, action, "", f"x-{DEPLOYING}") == "Deny"
    assert record_decision(templates, action, "", DEPLOYING) != "Deny"


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


@pytest.mark.parametrize("bucket", ["Data", "Release"])
def test_the_policy_itself_can_always_be_mended(templates: dict[str, Template], bucket: str) -> None:
    machine = {"aws:PrincipalTag/atoll:network": "vpc"}
    assert decision(templates, bucket, "s3:PutBucketPolicy", **machine) != "Deny"
