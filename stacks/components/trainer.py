"""The trainer: starts jobs, but only jobs that cannot leak. Preventive, by IAM's condition keys, without code."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.endpoint_access import invoke_endpoints
from stacks.components.keys import lendable
from stacks.components.people import UID, PersonRole
from stacks.components.roles import RolePolicy
from stacks.foundation import FoundationStack

_INSTANCES = ["ml.c5.*", "ml.c6i.*", "ml.m5.*", "ml.m6i.*"]
_ISOLATED = {
    "CreateHyperParameterTuningJob": "hyper-parameter-tuning-job",
    "CreateProcessingJob": "processing-job",
    "CreateTrainingJob": "training-job",
}
_LONGEST_SECONDS = "86400"
_WRITES = ["experiments/", "ledgers/"]
_READS = ["experiments/", "features/", "jobs/", "ledgers/", "live/", "monitoring/", "quarantine/", "scores/"]


class Trainer(PersonRole):
    """Runs ETL, training and scoring in our network, under our keys, under the own name; releases nothing.

    Controls: AC-3, AC-6, SC-7, SC-8, SC-28.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        foundation: FoundationStack,
        roles: Sequence[iam.Role],
    ) -> None:
        settings = foundation.settings
        super().__init__(scope, construct_id, settings=settings)
        self._foundation = foundation
        self.jobs = RolePolicy(self, "Jobs", path=settings.identity.role_path)
        self.add_managed_policy(self.jobs)
        self._let_start_safe_jobs()
        self.jobs.allow_passing(*roles, to="sagemaker")
        self._let_follow_jobs()
        self._let_use_data()

    def _let_start_safe_jobs(self) -> None:
        isolated = self._isolated()
        for action, kind in _ISOLATED.items():
            self.jobs.allow_pattern(
                f"sagemaker:{action}",
                on=[arns.sagemaker(self, kind)],
                because=NAMED_AT_RUN_TIME,
                when=isolated,
            )
        # A shell in the container would let its submitter write what the job measures.
        self.jobs.deny("sagemaker:CreateTrainingJob", when={"Bool": {"sagemaker:EnableRemoteDebug": "true"}})
        self.jobs.allow_pattern(
            "sagemaker:AddTags",
            on=[arns.sagemaker(self, kind) for kind in _ISOLATED.values()],
            because=NAMED_AT_RUN_TIME,
            when={
                "StringEquals": {
                    "sagemaker:TaggingAction": [*_ISOLATED],
                },
            },
        )

    def _own_keys(self) -> dict[str, dict[str, object]]:
        """Give the conditions that every job can be held to: our key, known instances, the caller's own id."""
        key = self._foundation.keys.jobs.key_arn
        return {
            "ArnEquals": {"sagemaker:OutputKmsKey": key, "sagemaker:VolumeKmsKey": key},
            "ForAllValues:StringLike": {"sagemaker:InstanceTypes": _INSTANCES},
            "Null": {"sagemaker:InstanceTypes": "false"},
            "StringEquals": {"aws:RequestTag/atoll:uid": UID},
        }

    def _isolated(self) -> dict[str, dict[str, object]]:
        """Add the network's conditions; `ForAllValues` passes on an absent key, so absence is excluded beside it."""
        network = self._foundation.network
        conditions = self._own_keys()
        conditions["Null"] |= {"sagemaker:VpcSubnets": "false", "sagemaker:VpcSecurityGroupIds": "false"}
        return conditions | {
            "Bool": {"sagemaker:NetworkIsolation": "true", "sagemaker:InterContainerTrafficEncryption": "true"},
            "ForAllValues:StringEquals": {
                "sagemaker:VpcSubnets": network.work_subnets.subnet_ids,
                "sagemaker:VpcSecurityGroupIds": [network.jobs.security_group_id],
            },
            "NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds": _LONGEST_SECONDS},
        }

    def _let_follow_jobs(self) -> None:
        jobs = [arns.sagemaker(self, kind) for kind in _ISOLATED.values()]
        self.permissions.allow_pattern(
            "sagemaker:DescribeHyperParameterTuningJob",
            "sagemaker:DescribeProcessingJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:ListTags",
            "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
            on=jobs,
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_pattern(
            "sagemaker:StopHyperParameterTuningJob",
            "sagemaker:StopProcessingJob",
            "sagemaker:StopTrainingJob",
            on=jobs,
            because=NAMED_AT_RUN_TIME,
            when={"StringEquals": {"aws:ResourceTag/atoll:uid": UID}},
        )
        self.permissions.allow_pattern(
            "sagemaker:ListHyperParameterTuningJobs",
            "sagemaker:ListProcessingJobs",
            "sagemaker:ListTrainingJobs",
            on=["*"],
            because=NO_RESOURCE_LEVEL,
        )
        read_logs(self)
        use_endpoints(self)
        self.permissions.allow_pattern(
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStacks",
            "cloudformation:ListChangeSets",
            on=[arns.stacks(self, "Atoll-*")],
            because=NAMED_AT_RUN_TIME,
        )

    def _let_use_data(self) -> None:
        keys, data, policy = self._foundation.keys, self._foundation.data, self.permissions
        for prefix in _READS:
            policy.allow_objects("s3:GetObject", bucket=data, prefix=prefix)
        for prefix in _WRITES:
            policy.allow_objects("s3:PutObject", bucket=data, prefix=prefix)
        policy.allow_listing(bucket=data, prefixes=_READS)
        policy.allow("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", on=[keys.data.key_arn, keys.jobs.key_arn])
        policy.allow("kms:CreateGrant", on=[keys.jobs.key_arn], when=lendable(data.stack.account))
        names = ("/atoll/registry/model-image-uri", "/atoll/registry/model-image-digest", "/atoll/tracking/url")
        policy.allow("ssm:GetParameter", "ssm:GetParameters", on=[arns.parameter(self, name) for name in names])


def read_logs(role: PersonRole) -> None:
    """Let a person read the logs of jobs and endpoints."""
    role.permissions.allow_pattern(
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        on=[arns.log_groups(role, "/aws/sagemaker/*")],
        because=NAMED_AT_RUN_TIME,
    )


def use_endpoints(role: PersonRole) -> None:
    """Let a person see what serves, and call it."""
    invoke_endpoints(role.permissions)
    role.permissions.allow_pattern(
        "sagemaker:DescribeEndpoint",
        on=[arns.sagemaker(role, "endpoint", "atoll-*")],
        because=NAMED_AT_RUN_TIME,
    )
    role.permissions.allow_pattern(
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeModel",
        on=[arns.sagemaker(role, "endpoint-config"), arns.sagemaker(role, "model")],
        because=NAMED_AT_RUN_TIME,
    )
