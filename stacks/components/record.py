"""What the audit bucket's own policy refuses to everybody, so that S3 keeps the record's promise and not our code."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.jsii_types import as_interface
from stacks.settings import Settings

WRITERS = {
    "jobs": ("TrainingCompleted",),
    "requests": ("TrainingCompleted",),
    "overtaken": ("TrainingCompleted", "ReleaseSettled"),
    "executions": ("ChangeSetExecuted", "ReleaseSettled"),
    "rejections": ("ChangeSetDeleted",),
    "outcomes": ("ReleaseSettled",),
    "deployments": ("ReleaseSettled",),
    "repairs": ("Reconcile",),
    "asks": ("WayBackAsked",),
    "callers": ("FunctionInvoked",),
}
"""Prefix below `audit/` (lambdas/release/kinds.py) -> the functions that may write there, and nobody else."""
ASKS = "TrainingCompleted"
"""The function that asks for releases: what ran under one's name must be a change set that its role made."""
FOLDS = "Reconcile"
"""The function that verifies the record and writes checkpoints."""
RECORD = ("audit/", "chain/", "checkpoint/")
"""The record's prefixes: entries, the links between them, and what was folded of them."""
KEPT = (*RECORD, "reasons/", "notes/")
"""Whatever is written once: the record, and beside it people's reasons and notes that no decision reads."""
_UNDOING = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
)
"""What takes an object or its lock away, or brings one in without PutObject."""
_GOVERNING = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)
"""By what the bucket's own rules are changed; a lifecycle deletes in spite of a policy."""


def keep_as_written(bucket: s3.Bucket, *, settings: Settings) -> None:
    """Refuse everybody what would change, hide or take away anything that was written once.

    A write must be put-if-absent (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
    That page exempts the steps of a multipart upload by `s3:ObjectCreationOperation`; nothing here needs one, so they
    fall, too, and so does CopyObject. S3 looks at the current version only: over a delete marker a put-if-absent
    succeeds (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html), so nobody may delete.

    Each kind of entry has its prefix and its writers, by the names of their roles (`aws:PrincipalArn`; not by a tag,
    which whoever tags roles could put on another): a function that opens strangers' archives can approve nothing.

    CloudFormation alone changes the bucket's rules. Against a mistake here the account's root user is left, whom S3
    lets put and delete a bucket's policy in spite of the policy
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html).

    Controls: AU-9, AU-10, CM-5.
    """
    kept = [bucket.arn_for_objects(f"{prefix}*") for prefix in KEPT]
    _refuse(bucket, ("s3:PutObject",), kept, {"Null": {"s3:if-none-match": "true"}})
    _refuse(bucket, _UNDOING, kept)
    for writers, prefixes in _by_writers().items():
        below = [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
        roles = [function_role(bucket, settings, name) for name in writers]
        _refuse(bucket, ("s3:PutObject",), below, {"ArnNotEquals": {"aws:PrincipalArn": roles}})
    not_deploying: dict[str, dict[str, object]] = {
        "ArnNotEquals": {"aws:PrincipalArn": deploying_role(bucket, settings)}
    }
    _refuse(bucket, _GOVERNING, [bucket.bucket_arn], not_deploying)


def _by_writers() -> dict[tuple[str, ...], list[str]]:
    """Give the prefixes that the same functions write; each of them links its entries, one folds them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for prefix, writers in WRITERS.items():
        found.setdefault(writers, []).append(f"audit/{prefix}/")
    found[tuple(sorted({name for writers in WRITERS.values() for name in writers}))] = ["audit/", "chain/"]
    found.setdefault((FOLDS,), []).append("checkpoint/")
    return found


def function_role_name(settings: Settings, function: str) -> str:
    """Give the name of a function's role: derived, so that a bucket can name it that is there before the role."""
    return f"{settings.identity.role_name_prefix}Atoll-{function}-{settings.deployment.region}"


def function_role(scope: Construct, settings: Settings, function: str) -> str:
    """Give the ARN of a function's role."""
    name = settings.identity.role_path.removeprefix("/") + function_role_name(settings, function)
    return cdk.Stack.of(scope).format_arn(service="iam", region="", resource="role", resource_name=name)


def deploying_role(scope: Construct, settings: Settings) -> str:
    """Give the ARN of the role that CloudFormation has while it deploys: of the CDK's bootstrap, or the settings'."""
    default = cdk.DefaultStackSynthesizer.DEFAULT_CLOUDFORMATION_ROLE_ARN
    return _bootstrapped(scope, settings, settings.identity.cloudformation_role, default)


def deployers_role(scope: Construct, settings: Settings) -> str:
    """Give the ARN of the role that calls CloudFormation to deploy: of the CDK's bootstrap, or the settings'."""
    default = cdk.DefaultStackSynthesizer.DEFAULT_DEPLOY_ROLE_ARN
    return _bootstrapped(scope, settings, settings.identity.deploy_role, default)


def _bootstrapped(scope: Construct, settings: Settings, named: str | None, bootstrap: str) -> str:
    stack = cdk.Stack.of(scope)
    if named:
        return stack.format_arn(service="iam", region="", resource="role", resource_name=named)
    account, region = settings.deployment.account, settings.deployment.region
    qualifier = stack.synthesizer.bootstrap_qualifier or cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    for placeholder, value in (
        ("${AWS::Partition}", cdk.Aws.PARTITION),
        ("${AWS::AccountId}", account),
        ("${AWS::Region}", region),
        ("${Qualifier}", qualifier),
    ):
        bootstrap = bootstrap.replace(placeholder, value)
    return bootstrap


def _refuse(
    bucket: s3.Bucket, actions: tuple[str, ...], on: list[str], when: dict[str, dict[str, object]] | None = None
) -> None:
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[as_interface(iam.AnyPrincipal())],
            actions=list(actions),
            resources=on,
            conditions=when,
        ),
    )
