"""The people of a release: one approves and never the own work, one takes back, one only looks."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.alarm_rights import describe_alarms
from stacks.components.endpoint_access import cut_off_endpoints
from stacks.components.people import UID, PersonRole
from stacks.components.record import KEPT
from stacks.components.roles import Conditions, RolePolicy
from stacks.components.trainer import read_logs, use_endpoints
from stacks.foundation import FoundationStack

_SEE_CHANGES = (
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
)
FORWARD = ("r-by-",)
BACKWARD = ("home-", "halt-")
"""How ways back and stops begin: the platform makes and executes them; people ask it to."""


def named(*prefixes: str) -> dict[str, list[str]]:
    """Match change sets by their names' beginnings; functions give a name or an ARN, so both forms are matched."""
    forms = [form for prefix in prefixes for form in (f"{prefix}*", f"arn:*:changeSet/{prefix}*")]
    return {"cloudformation:ChangeSetName": forms}


def allow_on_models(policy: RolePolicy, foundation: FoundationStack, *actions: str, when: Conditions) -> None:
    """Allow this on the stacks of the configured models alone: a right on any other name could make a stack."""
    prefix = arns.ENDPOINT_STACKS.removesuffix("*")
    if stacks := [arns.stacks(policy, f"{prefix}{model}") for model in foundation.settings.models]:
        policy.allow_pattern(*actions, on=stacks, because=NAMED_AT_RUN_TIME, when=when)


class Approver(PersonRole):
    """Executes or rejects releases of others. A release that bears the own id is denied.

    Controls: AC-5, CM-3, CM-5.
    """

    def __init__(self, scope: Construct, construct_id: str, *, foundation: FoundationStack) -> None:
        super().__init__(scope, construct_id, settings=foundation.settings)
        see_changes(self)
        use_endpoints(self)
        read_records(self, foundation)
        self.permissions.allow_objects("s3:GetObject", bucket=foundation.releases, prefix="models/")
        self.permissions.allow_objects("s3:PutObject", bucket=foundation.audit, prefix="reasons/")
        self.permissions.allow_pattern(  # adoptions take two of them, a moved model one who asks and one who approves
            "lambda:InvokeFunction", on=[arns.release_function(self, arns.RECONCILE)], because=NAMED_AT_RUN_TIME
        )
        keys = foundation.keys
        self.permissions.allow("kms:Decrypt", on=[keys.release.key_arn])
        self.permissions.allow("kms:GenerateDataKey", on=[keys.audit.key_arn])
        allow_on_models(
            self.permissions,
            foundation,
            "cloudformation:DeleteChangeSet",
            "cloudformation:ExecuteChangeSet",
            when={"StringLike": {"cloudformation:ChangeSetName": [f"{prefix}*" for prefix in FORWARD]}},
        )
        self.permissions.deny(
            "cloudformation:DeleteChangeSet",
            "cloudformation:ExecuteChangeSet",
            when={"StringLike": {"cloudformation:ChangeSetName": f"*-by-{UID}-*"}},
        )


class Operator(PersonRole):
    """Has a release taken back or the endpoint stopped, alone and at once; makes no change set.

    Controls: AC-6, CP-10.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, foundation: FoundationStack, service_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id, settings=foundation.settings)
        see_changes(self)
        read_records(self, foundation)
        read_logs(self)
        read_traces(self)
        use_endpoints(self)
        self.permissions.allow_pattern(
            "lambda:InvokeFunction",
            on=[arns.release_function(self, name) for name in (arns.WAY_BACK_ASKED, arns.RECONCILE)],
            because=NAMED_AT_RUN_TIME,
        )
        self.permissions.allow_passing(service_role, to="cloudformation")  # for the rollback that continues
        allow_on_models(
            self.permissions,
            foundation,
            "cloudformation:ContinueUpdateRollback",
            when={"ArnEquals": {"cloudformation:RoleArn": service_role.role_arn}},
        )
        cut_off_endpoints(self.permissions)
        describe_alarms(self.permissions)


class Auditor(PersonRole):
    """Reads configuration, releases and audit records; changes nothing.

    Controls: AU-6, CA-7.
    """

    def __init__(self, scope: Construct, construct_id: str, *, foundation: FoundationStack) -> None:
        super().__init__(scope, construct_id, settings=foundation.settings)
        see_changes(self)
        read_records(self, foundation)
        policy = self.permissions
        places = [*KEPT, "trail/"]
        for prefix in places:
            policy.allow_objects("s3:GetObject", bucket=foundation.audit, prefix=prefix)
        for prefix in KEPT:  # verify-audit reads the first version of each
            policy.allow_objects("s3:GetObjectVersion", bucket=foundation.audit, prefix=prefix)
        policy.allow_listing(bucket=foundation.audit, prefixes=places)
        kept = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in KEPT]}}
        policy.allow("s3:ListBucketVersions", on=[foundation.audit.bucket_arn], when=kept)  # to see what was rewritten
        policy.allow_objects("s3:GetObject", bucket=foundation.releases, prefix="models/")
        policy.allow_listing(bucket=foundation.releases, prefixes=["models/"])
        policy.allow("kms:Decrypt", on=[foundation.keys.release.key_arn])
        policy.allow_pattern(
            "cloudtrail:LookupEvents",
            "cloudwatch:DescribeAlarms",
            "iam:ListRoles",
            "sagemaker:ListEndpoints",
            "sagemaker:ListTrainingJobs",
            on=["*"],
            because=NO_RESOURCE_LEVEL,
        )


def see_changes(role: PersonRole) -> None:
    """Let a person read the stacks, their templates and their change sets."""
    role.permissions.allow_pattern(
        *_SEE_CHANGES,
        on=[arns.stacks(role, "Atoll-*")],
        because=NAMED_AT_RUN_TIME,
    )


def read_records(role: PersonRole, foundation: FoundationStack) -> None:
    """Let a person read the audit entries of releases."""
    role.permissions.allow_objects("s3:GetObject", bucket=foundation.audit, prefix="audit/")
    role.permissions.allow_listing(bucket=foundation.audit, prefixes=["audit/"])
    role.permissions.allow("kms:Decrypt", on=[foundation.keys.audit.key_arn])


def read_traces(role: PersonRole) -> None:
    """Let a person find the invocations of functions by what they were about, and see where their time went."""
    role.permissions.allow_pattern("xray:BatchGetTraces", "xray:GetTraceSummaries", on=["*"], because=NO_RESOURCE_LEVEL)


def allow_change_sets(
    policy: RolePolicy, foundation: FoundationStack, service_role: iam.Role, prefixes: Sequence[str]
) -> None:
    """Let a function make change sets: with these names, under the narrow role, from no template at an address.

    On the stacks of the configured models alone, which exist: CreateChangeSet makes a stack where there is none.
    """
    names = {"cloudformation:ChangeSetName": [f"{prefix}*" for prefix in prefixes]}
    allow_on_models(
        policy,
        foundation,
        "cloudformation:CreateChangeSet",
        when={"StringLike": names, "ArnEquals": {"cloudformation:RoleArn": service_role.role_arn}},
    )
    policy.deny("cloudformation:CreateChangeSet", when={"Null": {"cloudformation:TemplateUrl": "false"}})
    policy.allow_passing(service_role, to="cloudformation")
