"""The trail: who did what, in the audit bucket with digests, and in CloudWatch Logs for searching."""

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.jsii_types import as_interface
from stacks.components.logs import KeptLogGroup
from stacks.components.roles import WorkRole, service
from stacks.settings import Settings

TRAIL_PREFIX = "trail"


class Trail(Construct):
    """All management events, every access to released models and audit records, and every call of a function.

    Controls: AU-2, AU-3, AU-6, AU-9, AU-10, AU-12.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.Bucket,
        watched: s3.Bucket,
        keys: tuple[kms.Key, kms.Key],
    ) -> None:
        """Record into `bucket` under the first key and into a log group under the second; `watched` is recorded too."""
        super().__init__(scope, construct_id)
        audit_key, logs_key = keys
        group = KeptLogGroup(self, "Logs", settings=settings, key=logs_key)
        role = WorkRole(self, "Role", identity=settings.identity, principal=service("cloudtrail"))
        role.permissions.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[group.log_group_arn])
        self._let_it_write(bucket, _name(settings))
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=_name(settings),
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            s3_bucket_name=bucket.bucket_name,
            s3_key_prefix=TRAIL_PREFIX,
            kms_key_id=audit_key.key_arn,
            cloud_watch_logs_log_group_arn=group.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            event_selectors=[_selector(f"{watched.bucket_arn}/", bucket.arn_for_objects("audit/"))],
        )
        trail.node.add_dependency(role.permissions, bucket.policy)

    def _let_it_write(self, bucket: s3.Bucket, name: str) -> None:
        stack = cdk.Stack.of(self)
        arn = stack.format_arn(service="cloudtrail", resource="trail", resource_name=name)
        ours = {"StringEquals": {"aws:SourceArn": arn}}
        who = [as_interface(service("cloudtrail"))]
        records = bucket.arn_for_objects(f"{TRAIL_PREFIX}/AWSLogs/{stack.account}/*")
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=who,
                actions=["s3:GetBucketAcl"],
                resources=[bucket.bucket_arn],
                conditions=ours,
            ),
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(principals=who, actions=["s3:PutObject"], resources=[records], conditions=ours),
        )


def _name(settings: Settings) -> str:
    """Give the trail's name; its shadow in every other region has the same, so the region is in it."""
    return f"atoll-{settings.deployment.region}"


def _selector(*prefixes: str) -> cloudtrail.CfnTrail.EventSelectorProperty:
    """Record accesses below these ARNs, and calls of functions: who asked one stands nowhere else.

    Never below the trail's own prefix: each delivery would cause the next. A function that isn't there yet can't be
    named, so all are, by the prefix that this page gives:
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
    """
    objects = cloudtrail.CfnTrail.DataResourceProperty(type="AWS::S3::Object", values=list(prefixes))
    functions = cloudtrail.CfnTrail.DataResourceProperty(
        type="AWS::Lambda::Function", values=[f"arn:{cdk.Aws.PARTITION}:lambda"]
    )
    return cloudtrail.CfnTrail.EventSelectorProperty(
        data_resources=[objects, functions],
        include_management_events=True,
        read_write_type="All",
    )
