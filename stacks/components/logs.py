"""Log groups under our key, kept as long as the log profile asks."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.components.jsii_types import resource_of
from stacks.components.removal import KEPT
from stacks.settings import Settings


class KeptLogGroup(logs.LogGroup):
    """A log group under our key with the profile's retention.

    Controls: AU-9, AU-11, SC-28.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.Key) -> None:
        keep = KEPT if settings.deployment.production else cdk.RemovalPolicy.DESTROY
        super().__init__(scope, construct_id, encryption_key=key, removal_policy=keep)
        resource_of(self).add_property_override("RetentionInDays", settings.logs.searchable_days)
