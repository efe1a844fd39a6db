"""Roles of SageMaker's own work: each job reads what comes before it and writes its own prefix."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from compliance.findings import accept_finding
from stacks.components import arns
from stacks.components.alarm_rights import describe_alarms
from stacks.components.network import allow_interfaces
from stacks.components.roles import WorkRole, service
from stacks.foundation import FoundationStack

_PERMISSIONS = ("ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission")


class JobRoles(Construct):
    """The roles of ETL, training, scoring and the endpoint (`serving`).

    Controls: AC-6, SC-7.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        foundation: FoundationStack,
        image: ecr.Repository,
    ) -> None:
        super().__init__(scope, construct_id)
        self._foundation = foundation
        self._image = image
        self.etl = self._role(
            "Etl", reads=["ledgers/"], writes=["features/", "live/", "quarantine/"], works_for="processing-job"
        )
        self.training = self._role(
            "Training", reads=["features/", "experiments/"], writes=["jobs/"], works_for="training-job"
        )
        # Both steps of a scoring: `score` reads what `etl --score` left, and a later scoring the scores of this one.
        self.scoring = self._role("Scoring", reads=["ledgers/"], writes=["scores/"], works_for="processing-job")
        self.serving = self._role("Serving")
        # A training measures the present champion on its own held-out rows (the channel `champion`).
        for role in (self.training, self.scoring, self.serving):
            self._let_it_load_releases(role)
        # A deployment watches its alarms with the execution role ("Auto-Rollback Configuration and Monitoring"):
        # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
        describe_alarms(self.serving.permissions)

    def _role(
        self, name: str, *, reads: Sequence[str] = (), writes: Sequence[str] = (), works_for: str | None = None
    ) -> WorkRole:
        principal = self._one_kind_of_job(works_for) if works_for else service("sagemaker")
        role = WorkRole(self, name, identity=self._foundation.settings.identity, principal=principal)
        policy, keys, bucket = role.permissions, self._foundation.keys, self._foundation.data
        for prefix in reads:
            policy.allow_objects("s3:GetObject", bucket=bucket, prefix=prefix)
        for prefix in writes:
            policy.allow_objects("s3:GetObject", "s3:PutObject", bucket=bucket, prefix=prefix)
        if prefixes := [*reads, *writes]:
            policy.allow_listing(bucket=bucket, prefixes=prefixes)
        of_objects = [keys.data.key_arn] if prefixes else []
        policy.allow("kms:Decrypt", "kms:GenerateDataKey", on=[*of_objects, keys.jobs.key_arn])
        policy.allow("kms:CreateGrant", "kms:DescribeKey", on=[keys.jobs.key_arn])
        policy.allow(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=[self._image.repository_arn],
        )
        policy.allow_pattern("ecr:GetAuthorizationToken", on=["*"], because=NO_RESOURCE_LEVEL)
        accept_finding(policy, "cloudsplaining", "CredentialsExposure", because=NO_RESOURCE_LEVEL)
        network = self._foundation.network
        allow_interfaces(policy, network.vpc, network.jobs, *_PERMISSIONS)
        policy.allow_pattern(
            "cloudwatch:PutMetricData",
            on=["*"],
            because=NO_RESOURCE_LEVEL,
            when={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}},
        )
        policy.allow_pattern(
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            on=[arns.log_groups(self, "/aws/sagemaker/*")],
            because=NAMED_AT_RUN_TIME,
        )
        return role

    def _one_kind_of_job(self, kind: str) -> iam.PrincipalBase:
        """Let SageMaker take the role for one kind of job alone (confused-deputy page of SageMaker's guide).

        So nobody runs a processing job, whose command and outputs they choose, with the right to write trained models.
        """
        return service("sagemaker").with_conditions(
            {
                "ArnLike": {"aws:SourceArn": arns.sagemaker(self, kind)},
                "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
            }
        )

    def _let_it_load_releases(self, role: WorkRole) -> None:
        releases = self._foundation.releases
        role.permissions.allow_objects("s3:GetObject", bucket=releases, prefix="models/")
        role.permissions.allow_listing(bucket=releases, prefixes=["models/"])
        role.permissions.allow("kms:Decrypt", on=[self._foundation.keys.release.key_arn])
