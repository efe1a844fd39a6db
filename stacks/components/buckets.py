"""Buckets with one set of defaults: our key, TLS only, private, versioned, with access logs."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from compliance.accepted import LOG_DELIVERY_BUCKET, NO_REPLICATION
from compliance.findings import accept_finding
from stacks.components.jsii_types import as_interface

_NIST = "NIST.800.53.R5"


class PrivateBucket(s3.Bucket):
    """A versioned bucket under our key that answers only over TLS 1.2 and never in public.

    With `locked_for` its objects are under Object Lock for that time, and the bucket outlives its stack.

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
        removal: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
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
            removal_policy=removal,
        )
        accept_finding(self, _NIST, f"{_NIST}-S3BucketReplicationEnabled", because=NO_REPLICATION)


class AccessLogBucket(s3.Bucket):
    """Where S3 and load balancers leave their access logs, for `days`.

    Controls: AU-2, AU-9, AU-11.
    """

    def __init__(self, scope: Construct, construct_id: str, *, days: int, removal: cdk.RemovalPolicy) -> None:
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
                    expiration=cdk.Duration.days(days),
                    noncurrent_version_expiration=cdk.Duration.days(1),
                ),
            ],
            removal_policy=removal,
        )
        accept_finding(self, _NIST, f"{_NIST}-S3DefaultEncryptionKMS", because=LOG_DELIVERY_BUCKET)
        accept_finding(self, _NIST, f"{_NIST}-S3BucketReplicationEnabled", because=NO_REPLICATION)
