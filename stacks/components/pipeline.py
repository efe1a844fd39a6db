"""What the release functions may do, said once per power; each function gets only the powers that it uses."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.endpoint_access import invoke_endpoints, refuse_callers
from stacks.components.events import REDELIVERY
from stacks.components.record import FOLDS, KEPT, WRITERS
from stacks.components.release_people import BACKWARD, FORWARD, allow_change_sets, allow_on_models, named
from stacks.components.roles import RolePolicy
from stacks.foundation import FoundationStack

_DIGESTS = {"StringEquals": {"kms:MessageType": "DIGEST", "kms:SigningAlgorithm": "ECDSA_SHA_256"}}
_PARAMETERS = ("/atoll/registry/serving-image-uri", "/atoll/tracking/url")


@dataclass(frozen=True, kw_only=True)
class ReleasePowers:
    """The powers of the release path.

    Controls: AC-5, AC-6, CM-5.
    """

    foundation: FoundationStack
    topic: sns.Topic
    tracking_secret: secretsmanager.Secret
    service_role: iam.Role
    approver: iam.Role

    def show_in_mlflow(self, policy: RolePolicy) -> None:
        """Use MLflow as its administrator: for functions that write its copy of the record, and no others."""
        policy.allow("secretsmanager:GetSecretValue", on=[self.tracking_secret.secret_arn])
        policy.allow("kms:Decrypt", on=[self.foundation.keys.tracking.key_arn])

    def notify(self, policy: RolePolicy) -> None:
        """Tell people."""
        policy.allow("sns:Publish", on=[self.topic.topic_arn])
        policy.allow("kms:Decrypt", "kms:GenerateDataKey", on=[self.foundation.keys.messages.key_arn])

    def record(self, policy: RolePolicy, function: str) -> None:
        """Write the entries that are a function's to write, and link them; never change or delete one."""
        bucket = self.foundation.audit
        for prefix in (prefix for prefix, writers in WRITERS.items() if function in writers):
            policy.allow_objects("s3:PutObject", bucket=bucket, prefix=f"audit/{prefix}/")
        policy.allow_objects("s3:PutObject", bucket=bucket, prefix="chain/")
        if function == FOLDS:
            policy.allow_objects("s3:PutObject", bucket=bucket, prefix="checkpoint/")
        self._read_first_versions(policy, "chain/")
        policy.allow("kms:Decrypt", "kms:GenerateDataKey", on=[self.foundation.keys.audit.key_arn])

    def keep_notes(self, policy: RolePolicy) -> None:
        """Leave notes for auditors beside the record."""
        policy.allow_objects("s3:PutObject", bucket=self.foundation.audit, prefix="notes/")
        policy.allow("kms:GenerateDataKey", on=[self.foundation.keys.audit.key_arn])

    def look_at_stacks(self, policy: RolePolicy) -> None:
        """Look at the endpoints' stacks and their change sets, and at what is published about us."""
        policy.allow("ssm:GetParameter", "ssm:GetParameters", on=[arns.parameter(policy, name) for name in _PARAMETERS])
        policy.allow_pattern(
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStacks",
            "cloudformation:ListChangeSets",
            on=[arns.stacks(policy)],
            because=NAMED_AT_RUN_TIME,
        )

    def read_reasons(self, policy: RolePolicy) -> None:
        """Read why approvers rejected releases."""
        self._read_first_versions(policy, "reasons/")

    def read_audit(self, policy: RolePolicy) -> None:
        """Read what was recorded of releases, and what was verified of it."""
        for prefix in ("audit/", "checkpoint/"):
            self._read_first_versions(policy, prefix)

    def _read_first_versions(self, policy: RolePolicy, prefix: str) -> None:
        """Read what was written once by the id of its first version, whatever was laid over it."""
        bucket = self.foundation.audit
        policy.allow_objects("s3:GetObjectVersion", bucket=bucket, prefix=prefix)
        policy.allow_listing(bucket=bucket, prefixes=[prefix], action="s3:ListBucketVersions")

    def read_trail(self, policy: RolePolicy) -> None:
        """Look up CloudFormation's calls in the trail."""
        policy.allow_pattern("cloudtrail:LookupEvents", on=["*"], because=NO_RESOURCE_LEVEL)

    def redeliver(self, policy: RolePolicy) -> None:
        """Send events again, on a bus and under a source of our own and no other."""
        bus = cdk.Stack.of(policy).format_arn(service="events", resource="event-bus", resource_name=REDELIVERY)
        ours = {"ForAllValues:StringEquals": {"events:source": REDELIVERY}, "Null": {"events:source": "false"}}
        policy.allow("events:PutEvents", on=[bus], when=ours)  # a call has as many sources as entries

    def look_for_losses(self, policy: RolePolicy) -> None:
        """See what every step of the release path left behind, and change none of it; also what was written again."""
        policy.allow_listing(bucket=self.foundation.audit, prefixes=KEPT, action="s3:ListBucketVersions")
        self.read_reasons(policy)
        self.read_audit(policy)
        self.read_trail(policy)
        self.read_releases(policy)
        self.look_at_endpoints(policy)
        self.compare_templates(policy)
        policy.allow_pattern(
            "sagemaker:DescribeTrainingJob",
            "sagemaker:ListTags",
            on=[arns.sagemaker(policy, "training-job")],
            because=NAMED_AT_RUN_TIME,
        )
        policy.allow_pattern("sagemaker:ListTrainingJobs", on=["*"], because=NO_RESOURCE_LEVEL)

    def compare_templates(self, policy: RolePolicy) -> None:
        """Read the template of a stack, and the one that its last deployment left."""
        policy.allow_objects("s3:GetObject", bucket=self.foundation.releases, prefix="templates/")
        policy.allow_listing(bucket=self.foundation.releases, prefixes=["templates/"])
        policy.allow_pattern("cloudformation:GetTemplate", on=[arns.stacks(policy)], because=NAMED_AT_RUN_TIME)

    def read_jobs(self, policy: RolePolicy) -> None:
        """Read a training job's description, and what it took and made."""
        keys = self.foundation.keys
        policy.allow_pattern(
            "sagemaker:DescribeTrainingJob",
            "sagemaker:ListTags",
            on=[arns.sagemaker(policy, "training-job")],
            because=NAMED_AT_RUN_TIME,
        )
        data = self.foundation.data
        for prefix in ("features/", "experiments/"):  # for their manifests
            policy.allow_objects("s3:GetObject", bucket=data, prefix=prefix)
        policy.allow_objects("s3:GetObjectVersion", bucket=data, prefix="jobs/")
        policy.allow_listing(bucket=data, prefixes=["features/", "experiments/"])
        of_jobs = {"StringLike": {"s3:prefix": ["jobs/*"]}}
        policy.allow("s3:ListBucketVersions", on=[data.bucket_arn], when=of_jobs)
        policy.allow("kms:Decrypt", on=[keys.data.key_arn, keys.jobs.key_arn])

    def read_releases(self, policy: RolePolicy) -> None:
        """Read released models and verify their signatures."""
        policy.allow("kms:Verify", on=[self.foundation.keys.signing.key_arn], when=_DIGESTS)
        policy.allow_objects("s3:GetObject", bucket=self.foundation.releases, prefix="models/")
        policy.allow_listing(bucket=self.foundation.releases, prefixes=["models/"])
        policy.allow("kms:Decrypt", on=[self.foundation.keys.release.key_arn])

    def seal_releases(self, policy: RolePolicy) -> None:
        """Keep a verified artifact under its hash, and sign it."""
        policy.allow_objects("s3:PutObject", bucket=self.foundation.releases, prefix="models/")
        policy.allow("kms:GenerateDataKey", on=[self.foundation.keys.release.key_arn])
        policy.allow("kms:Sign", on=[self.foundation.keys.signing.key_arn], when=_DIGESTS)

    def request_releases(self, policy: RolePolicy) -> None:
        """Ask for the release of what was sealed; executing it is for another person."""
        allow_change_sets(policy, self.foundation, self.service_role, FORWARD)
        names = {"StringLike": named(*FORWARD)}
        allow_on_models(policy, self.foundation, "cloudformation:DeleteChangeSet", when=names)

    def go_back(self, policy: RolePolicy) -> None:
        """Restore the former release: only change sets whose names say that they go back or stop.

        And end what a stack brings that must not be: cancel the update, take back one that failed, refuse all callers.
        """
        allow_change_sets(policy, self.foundation, self.service_role, BACKWARD)
        allow_on_models(
            policy,
            self.foundation,
            "cloudformation:DeleteChangeSet",
            "cloudformation:ExecuteChangeSet",
            when={"StringLike": named(*BACKWARD)},
        )
        policy.allow_pattern("cloudformation:CancelUpdateStack", on=[arns.stacks(policy)], because=NAMED_AT_RUN_TIME)
        policy.allow_pattern(
            "cloudformation:RollbackStack",
            on=[arns.stacks(policy)],
            because=NAMED_AT_RUN_TIME,
            when={"ArnEquals": {"cloudformation:RoleArn": self.service_role.role_arn}},
        )
        refuse_callers(policy)

    def keep_templates(self, policy: RolePolicy) -> None:
        """Record which template a deployment left. Whoever may write here decides which template releases keep."""
        bucket = self.foundation.releases
        policy.allow_pattern("cloudformation:GetTemplate", on=[arns.stacks(policy)], because=NAMED_AT_RUN_TIME)
        policy.allow_objects("s3:GetObject", "s3:PutObject", bucket=bucket, prefix="templates/")
        policy.allow_listing(bucket=bucket, prefixes=["templates/"])
        policy.allow("kms:GenerateDataKey", on=[self.foundation.keys.release.key_arn])

    def try_endpoints(self, policy: RolePolicy) -> None:
        """Look at the endpoints and send them golden rows."""
        self.look_at_endpoints(policy)
        invoke_endpoints(policy)

    def look_at_endpoints(self, policy: RolePolicy) -> None:
        """Read what the endpoints run, and which are resources of their stacks."""
        policy.allow_pattern(
            "cloudformation:DescribeStackResources", on=[arns.stacks(policy)], because=NAMED_AT_RUN_TIME
        )
        policy.allow_pattern(
            "sagemaker:DescribeEndpoint",
            "sagemaker:ListTags",
            on=[arns.sagemaker(policy, "endpoint", "atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )
        policy.allow_pattern(
            "sagemaker:DescribeEndpointConfig",
            "sagemaker:DescribeModel",
            on=[arns.sagemaker(policy, "endpoint-config"), arns.sagemaker(policy, "model")],
            because=NAMED_AT_RUN_TIME,
        )
