"""Foundation: keys, the isolated network, the buckets and the trail. Everything else stands on it."""

from typing import Unpack

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.buckets import AccessLogBucket, PrivateBucket
from stacks.components.default_group import close_default_group
from stacks.components.functions import DeadLetters, Workplace
from stacks.components.keys import Keys
from stacks.components.network import Network
from stacks.components.record import keep_as_written
from stacks.components.removal import KEPT
from stacks.components.stack import AtollStack, StackOptions
from stacks.components.trail import TRAIL_PREFIX, Trail
from stacks.settings import Settings

SCORES = "scores/"
"""Where scorings leave purchases as published, with their scores."""


class FoundationStack(AtollStack):
    """Keys, network, buckets, trail. Stateful: protected against deletion in production."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        **options: Unpack[StackOptions],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings, **options)
        self.settings = settings
        self.keys = Keys(self, "Keys", settings=settings)
        self.network = Network(self, "Network", settings=settings, logs_key=self.keys.logs)
        self.access_logs = AccessLogBucket(self, "AccessLogs", logs=settings.logs, removal=self.removal)
        self.data = self._bucket("Data", self.removal)
        self.data.end_after(settings.scores.kept_days, SCORES)
        self.releases = self._bucket("Release", KEPT, locked=True)
        self.audit = self._bucket("Audit", KEPT, locked=True)
        self.audit.archive_logs(f"{TRAIL_PREFIX}/", settings.logs)
        keep_as_written(self.audit, settings=settings)
        self.trail = Trail(
            self,
            "Trail",
            settings=settings,
            bucket=self.audit,
            watched=[
                self.releases.arn_for_objects(""),
                *(self.data.arn_for_objects(prefix) for prefix in ("features/", "jobs/")),
            ],
            keys=(self.keys.audit, self.keys.logs),
        )
        if self.network.default_group:
            place = self.workplace(DeadLetters(self, "DeadLetters", key=self.keys.messages))
            close_default_group(self, network=self.network, group=self.network.default_group, place=place)
        self._publish()

    def workplace(self, dead_letters: DeadLetters) -> Workplace:
        """Give what functions share, with the queue of the stack that they belong to."""
        return Workplace(
            settings=self.settings,
            vpc=self.network.vpc,
            group=self.network.functions,
            logs_key=self.keys.logs,
            messages_key=self.keys.messages,
            environment_key=self.keys.release,
            dead_letters=dead_letters,
        )

    def _bucket(self, name: str, removal: cdk.RemovalPolicy, *, locked: bool = False) -> PrivateBucket:
        days = cdk.Duration.days(self.settings.logs.archive_days)
        bucket = PrivateBucket(
            self,
            name,
            key=getattr(self.keys, name.lower()),
            access_logs=self.access_logs,
            locked_for=s3.ObjectLockRetention.governance(days) if locked else None,
            removal=removal,
        )
        bucket.answer_machines_within(self.network.source_vpcs)
        return bucket

    def _publish(self) -> None:
        self.output("DataBucket", self.data.bucket_name)
        self.output("ReleaseBucket", self.releases.bucket_name)
        self.output("AuditBucket", self.audit.bucket_name)
        self.output("JobSubnetIds", cdk.Fn.join(",", self.network.work_subnets.subnet_ids))
        self.output("JobSecurityGroupId", self.network.jobs.security_group_id)
        self.output("JobKeyArn", self.keys.jobs.key_arn)
        self.output("SigningKeyArn", self.keys.signing.key_arn)
