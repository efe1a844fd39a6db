"""Roles that carry the agency's path and prefix, each with one managed policy of precise statements."""

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from compliance.accepted import OBJECTS_BELOW_A_PREFIX
from compliance.findings import Acceptance, accept_finding
from stacks.components.jsii_types import as_interface, resource_of
from stacks.regions import service_principal
from stacks.settings import Identity

Conditions = Mapping[str, object]

_LONGEST_NAME = 64  # IAM's limit for a role's name
_SAYS_FOR_WHOM = frozenset(
    service_principal(name) for name in ("ecs-tasks", "monitoring.rds", "sagemaker", "vpc-flow-logs")
)
"""Services that AWS documents to tell a role's trust policy whom they act for. A condition on a key that a service does
not send would lock it out; for the others it is enough that no role can be passed across accounts."""


class RolePolicy(iam.ManagedPolicy):
    """A managed policy that is written statement by statement; wildcards need an acceptance.

    Controls: AC-6.
    """

    def __init__(self, scope: Construct, construct_id: str, *, path: str) -> None:
        super().__init__(scope, construct_id, path=path)
        self._listings: dict[tuple[str, str], tuple[iam.PolicyStatement, list[str]]] = {}

    def allow(self, *actions: str, on: Sequence[str], when: Conditions | None = None) -> None:
        """Allow these actions on these resources, without any wildcard among the resources."""
        self.add_statements(iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=when))

    def deny(self, *actions: str, on: Sequence[str] = ("*",), when: Conditions | None = None) -> None:
        """Deny these actions, where the condition holds if there is one."""
        self.add_statements(
            iam.PolicyStatement(effect=iam.Effect.DENY, actions=list(actions), resources=list(on), conditions=when),
        )

    def allow_pattern(
        self,
        *actions: str,
        on: Sequence[str],
        because: Acceptance,
        when: Conditions | None = None,
    ) -> None:
        """Allow these actions on resources that are named by a pattern, and accept the finding about each pattern."""
        self.allow(*actions, on=on, when=when)
        for pattern in on:
            finding = f"AwsSolutions-IAM5[Resource::{_flat(cdk.Stack.of(self).resolve(pattern))}]"
            accept_finding(self, "AwsSolutions", finding, because=because)

    def allow_objects(self, *actions: str, bucket: s3.Bucket, prefix: str) -> None:
        """Allow these actions on every object of the bucket below the prefix (`models/`), in this account only."""
        self.allow_pattern(
            *actions,
            on=[f"{_shared(self, bucket)}/{prefix}*"],
            because=OBJECTS_BELOW_A_PREFIX,
            when={"StringEquals": {"aws:ResourceAccount": cdk.Stack.of(self).account}},
        )

    def allow_listing(self, *, bucket: s3.Bucket, prefixes: Sequence[str], action: str = "s3:ListBucket") -> None:
        """Allow to list what lies below the prefixes of a bucket: one statement a bucket, however often it is asked."""
        listing = self._listings.get((bucket.node.path, action))
        if listing is None:
            statement = iam.PolicyStatement(actions=[action], resources=[bucket.bucket_arn])
            self.add_statements(statement)
            listing = self._listings[bucket.node.path, action] = (statement, [])
        statement, patterns = listing
        patterns += [f"{prefix}*" for prefix in prefixes if f"{prefix}*" not in patterns]
        statement.add_condition("StringLike", {"s3:prefix": patterns})

    def allow_passing(self, *roles: iam.Role, to: str) -> None:
        """Allow to hand these roles to one service (`sagemaker`) and to no other."""
        self.allow(
            "iam:PassRole",
            on=[role.role_arn for role in roles],
            when={"StringEquals": {"iam:PassedToService": service_principal(to)}},
        )


class WorkRole(iam.Role):
    """A role with the agency's path and prefix, and a policy (`permissions`) that starts empty.

    Controls: AC-3, AC-6.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identity: Identity,
        principal: iam.PrincipalBase,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            assumed_by=as_interface(_acting_for_this_account(principal)),
            path=identity.role_path,
        )
        if prefix := identity.role_name_prefix:
            end = (
                f"-{cdk.Stack.of(self).region}"  # IAM knows no regions: a second region's roles have names of their own
            )
            made = cdk.Names.unique_resource_name(self, max_length=_LONGEST_NAME - len(prefix + end))
            resource_of(self).add_property_override("RoleName", prefix + made + end)
        self._path = identity.role_path
        self.permissions = self.another_policy("Permissions")

    def another_policy(self, construct_id: str) -> RolePolicy:
        """Give this role a policy apart from its others: IAM bounds a policy's length (compliance/limits/table.py)."""
        policy = RolePolicy(self, construct_id, path=self._path)
        self.add_managed_policy(policy)
        return policy

    def be_called(self, name: str) -> None:
        """Have a derived name, by which the policy of something that is there before can name this role."""
        resource_of(self).add_property_override("RoleName", name)

    @property
    def fixed(self) -> iam.IRole:
        """This role for constructs that would add inline statements of their own: it takes none."""
        return self.without_policy_updates()


def service(name: str) -> iam.ServicePrincipal:
    """Give the principal of an AWS service (`lambda`) in this partition."""
    return iam.ServicePrincipal(service_principal(name))


def _acting_for_this_account(principal: iam.PrincipalBase) -> iam.PrincipalBase:
    """Let a service assume a role only on behalf of this account, where the service says for whom it acts."""
    if isinstance(principal, iam.ServicePrincipal) and principal.service in _SAYS_FOR_WHOM:
        return principal.with_conditions({"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}})
    return principal


def _shared(scope: Construct, bucket: s3.Bucket) -> str:
    """Give the bucket's ARN in a form whose finding can be foretold: an import, where another stack owns it."""
    owner = cdk.Stack.of(bucket)
    return bucket.bucket_arn if owner is cdk.Stack.of(scope) else owner.export_value(bucket.bucket_arn)


def _flat(value: object) -> str:
    """Write a resolved value as cdk-nag does in the ids of its findings: references in angle brackets."""
    match value:
        case str():
            return value.replace("${", "<").replace("}", ">")
        case {"Fn::Join": [str(delimiter), [*parts]]}:
            return delimiter.join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::ImportValue": name}:
            return _flat(name)
    raise TypeError(f"no finding id is known for {json.dumps(value)}; pass a string, a reference or a join of them")
