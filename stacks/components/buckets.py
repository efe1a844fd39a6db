"""Buckets with one set of defaults: our key, TLS only, private, versioned, with access logs."""

from collections.abc import Sequence
from typing import TypedDict

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from compliance.accepted import LOG_DELIVERY_BUCKET, NO_REPLICATION
from compliance.findings import accept_finding
from stacks.components.jsii_types import as_interface
from stacks.settings_logs import Logs

_NIST = "NIST.800.53.R5"
NETWORK_TAG = "atoll:network"
"""Roles that only work inside the network bear it with the value `vpc`."""


class PrivateBucket(s3.Bucket):
    """A versioned bucket under our key that answers only over TLS 1.2 and never in public.

    With `locked_for` its objects are under Object Lock for that time, and the bucket outlives its stack; otherwise a
    version that was replaced or deleted stays ninety days. Uploads that nobody finished go after a week.

    Controls: AC-3, AU-2, AU-9, SC-8, SC-28.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.Key,
        access_logs: s3.Bucket,
        locked_for: s3.ObjectLockRetention | None = None,
        removal: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=as_interface(key),
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/",
            object_lock_default_retention=locked_for,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                    noncurrent_version_expiration=None if locked_for else cdk.Duration.days(90),
                ),
            ],
            removal_policy=removal,
        )
        accept_finding(self, _NIST, f"{_NIST}-S3BucketReplicationEnabled", because=NO_REPLICATION)

    def answer_machines_within(self, vpcs: Sequence[str]) -> None:
        """Refuse functions' and tasks' roles from outside these VPCs: their credentials are worth nothing elsewhere.

        People, SageMaker and log delivery come from elsewhere and are not refused (docs/decisions/0022).

        Controls: AC-3, SC-7(5).
        """
        self.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[as_interface(iam.AnyPrincipal())],
                actions=["s3:DeleteObject*", "s3:GetObject*", "s3:ListBucket*", "s3:PutObject*"],
                resources=[self.bucket_arn, self.arn_for_objects("*")],
                conditions={
                    "StringEquals": {f"aws:PrincipalTag/{NETWORK_TAG}": "vpc"},
                    "StringNotEquals": {"aws:SourceVpc": list(vpcs)},
                },
            ),
        )

    def end_after(self, days: int, prefix: str) -> None:
        """Delete what lies below a prefix by its age, and every version of it a week later.

        Of overlapping rules S3 honours the shorter expiry:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html

        Controls: SI-12.
        """
        self.add_lifecycle_rule(
            prefix=prefix,
            expiration=cdk.Duration.days(days),
            noncurrent_version_expiration=cdk.Duration.days(7),
        )

    def archive_logs(self, prefix: str, logs: Logs) -> None:
        """Move what lies below a prefix to the archive when it need not be searchable, and end it by the profile.

        Controls: AU-4, AU-11.
        """
        # An expiry only hides a version; this ends it, once its Object Lock has
        # (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
        self.add_lifecycle_rule(prefix=prefix, noncurrent_version_expiration=cdk.Duration.days(1), **archived(logs))


class AccessLogBucket(s3.Bucket):
    """Where S3 and load balancers leave their access logs, for as long as the log profile asks.

    Controls: AU-2, AU-9, AU-11.
    """

    def __init__(self, scope: Construct, construct_id: str, *, logs: Logs, removal: cdk.RemovalPolicy) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
                    noncurrent_version_expiration=cdk.Duration.days(1),
                    **archived(logs),
                ),
            ],
            removal_policy=removal,
        )
        accept_finding(self, _NIST, f"{_NIST}-S3DefaultEncryptionKMS", because=LOG_DELIVERY_BUCKET)
        accept_finding(self, "checkov", "CKV_AWS_18", because=LOG_DELIVERY_BUCKET)
        accept_finding(self, _NIST, f"{_NIST}-S3BucketReplicationEnabled", because=NO_REPLICATION)


class Archived(TypedDict):
    """The parts of a lifecycle rule that keep logs by a profile."""

    transitions: list[s3.Transition]
    expiration: cdk.Duration


def archived(logs: Logs) -> Archived:
    """Give the rule's parts: into the archive after the searchable days, gone after all of them."""
    archive = s3.Transition(
        storage_class=s3.StorageClass.GLACIER, transition_after=cdk.Duration.days(logs.searchable_days)
    )
    return Archived(transitions=[archive], expiration=cdk.Duration.days(logs.archive_days))
