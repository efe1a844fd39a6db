"""The buckets' policies, put to a policy evaluator: a function's credentials work inside the network only."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from compliance.templates import Template, read_templates, resources
from lambdas.release.chain import KEPT as LOOKED_THROUGH
from lambdas.release.kinds import PREFIXES
from stacks.components.record import WRITERS
from tests.infrastructure.policies import ACCOUNT, PARTITION, REGION, Request, output, resolved
from tests.infrastructure.policies import decision as granted
from tests.infrastructure.test_function_policies import policies_of

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


RECORD = (
    "audit/requests/m/r/x.json",
    "chain/m/00000001.json",
    "checkpoint/m/1.json",
    "reasons/m/r.json",
    "notes/m/j.json",
)
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


@pytest.mark.parametrize("prefix", [*(f"audit/{prefix}/" for prefix in PREFIXES), "chain/", "checkpoint/", "audit/x/"])
def test_each_kind_of_entry_has_its_writers_and_nobody_else(templates: dict[str, Template], prefix: str) -> None:
    """By the bucket's policy alone: whatever IAM lets anybody do."""
    writers = {name for name in FUNCTIONS if may_write(templates, prefix, role_of(templates, name))}
    everybody = {name for names in WRITERS.values() for name in names}
    expected = {"chain/": everybody, "audit/x/": everybody, "checkpoint/": {"Reconcile"}}
    assert writers == expected.get(prefix, set(WRITERS.get(prefix.split("/")[1], ())))
    for stranger in ("Admin", DEPLOYING, "atoll/Atoll-Release-TrainingCompletedRole-1", "x/Atoll-Reconcile"):
        assert not may_write(templates, prefix, stranger)


def test_who_opens_archives_writes_no_approval_no_outcome_no_deployment_and_no_checkpoint(
    templates: dict[str, Template],
) -> None:
    role = role_of(templates, "TrainingCompleted")
    for prefix in ("audit/executions/", "audit/outcomes/", "audit/deployments/", "audit/repairs/", "checkpoint/"):
        assert not may_write(templates, prefix, role)


def test_every_prefix_has_writers_and_every_writer_a_grant_of_its_own_prefixes_alone(
    templates: dict[str, Template],
) -> None:
    assert set(WRITERS) == set(PREFIXES)
    release = templates["Atoll-Release"]["Resources"]
    for name in FUNCTIONS:
        documents = [
            body["Properties"]["PolicyDocument"]
            for logical_id, body in release.items()
            if body["Type"] == "AWS::IAM::ManagedPolicy" and logical_id.startswith(f"{name}Role")
        ]
        granted = {prefix for prefix in PREFIXES if f"/audit/{prefix}/" in json.dumps(documents)}
        assert granted == {prefix for prefix, writers in WRITERS.items() if name in writers}, name


def test_the_reconciler_lists_every_version_that_it_looks_through(templates: dict[str, Template]) -> None:
    policies = policies_of(templates, "Reconcile")
    bucket = output(templates, FOUNDATION, "AuditBucket").replace(">", ".Arn>")
    for prefix in LOOKED_THROUGH:
        asked = Request(action="s3:ListBucketVersions", resource=bucket, uid=None, keys={"s3:prefix": prefix})
        assert granted(policies, asked) == "Allow", prefix


def may_write(templates: dict[str, Template], prefix: str, who: str) -> bool:
    return record_decision(templates, "s3:PutObject", f"{prefix}m/s/x.json", who, **IF_ABSENT) != "Deny"


def role_of(templates: dict[str, Template], function: str) -> str:
    """The path and the name of a function's role, as its own template has it."""
    role = next(
        body["Properties"]
        for name, body in templates["Atoll-Release"]["Resources"].items()
        if body["Type"] == "AWS::IAM::Role" and name.startswith(f"{function}Role")
    )
    return role["Path"].removeprefix("/") + role["RoleName"]


FUNCTIONS = tuple(sorted({name for names in WRITERS.values() for name in names}))


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
