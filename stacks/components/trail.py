"""The trail: who did what, in the audit bucket with digests, and in CloudWatch Logs for searching."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components import arns
from stacks.components.jsii_types import as_interface
from stacks.components.logs import KeptLogGroup
from stacks.components.roles import WorkRole, service
from stacks.settings import Settings

TRAIL_PREFIX = "trail"
ASKED = (arns.WAY_BACK_ASKED, arns.RECONCILE)
"""The functions of Atoll-Release that people call; their names begin with the stack's and these."""


class Trail(Construct):
    """All management events, every access to what decides a release or is its evidence, and what people ask functions.

    Controls: AU-2, AU-3, AU-6, AU-9, AU-10, AU-12.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        bucket: s3.Bucket,
        watched: Sequence[str],
        keys: tuple[kms.Key, kms.Key],
    ) -> None:
        """Record into `bucket` under the first key and into a log group under the second.

        Below the addresses `watched` (ARNs of objects) every access is recorded too, and in `bucket` itself.
        """
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
            advanced_event_selectors=_selectors(self, bucket, watched),
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


def _selectors(
    scope: Construct, bucket: s3.Bucket, watched: Sequence[str]
) -> list[cloudtrail.CfnTrail.AdvancedEventSelectorProperty]:
    objects, functions = (
        ("resources.type", {"equal_to": [f"AWS::{kind}"]}) for kind in ("S3::Object", "Lambda::Function")
    )
    return [
        _selector("Management", "Management"),
        _selector("Objects", "Data", objects, ("resources.ARN", {"starts_with": list(watched)})),
        _selector("Record", "Data", objects, _all_but_trail(bucket)),
        _selector("Asked", "Data", functions, _asked(scope)),
    ]


def _selector(
    name: str, category: str, *fields: tuple[str, dict[str, list[str]]]
) -> cloudtrail.CfnTrail.AdvancedEventSelectorProperty:
    """Select events of a category whose fields match all of these.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
    """
    selected = [("eventCategory", {"equal_to": [category]}), *fields]
    made = [cloudtrail.CfnTrail.AdvancedFieldSelectorProperty(field=field, **by) for field, by in selected]
    return cloudtrail.CfnTrail.AdvancedEventSelectorProperty(name=name, field_selectors=made)


def _all_but_trail(bucket: s3.Bucket) -> tuple[str, dict[str, list[str]]]:
    """Select the bucket's objects but the trail's own: each delivery would cause the next."""
    own = [bucket.arn_for_objects(f"{TRAIL_PREFIX}/")]
    return "resources.ARN", {"starts_with": [bucket.arn_for_objects("")], "not_starts_with": own}


def _asked(scope: Construct) -> tuple[str, dict[str, list[str]]]:
    """Select the functions that people ask: who asked stands in the trail alone."""
    return "resources.ARN", {"starts_with": [arns.release_function(scope, name).removesuffix("*") for name in ASKED]}
