"""Roles for people. Their session tag `uid`, set by the identity provider alone, says who they are."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.jsii_types import as_interface
from stacks.components.roles import WorkRole
from stacks.settings import Settings

UID = "${aws:PrincipalTag/uid}"
_NOT_AN_ID = ["automation", *(f"*{mark}*" for mark in " +-./:=@_")]
"""The id of automatic retraining, and every mark that AWS lets stand in a tag besides letters and digits."""
_MAKES_OR_RELEASES = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:ExecuteChangeSet",
    "lambda:InvokeFunction",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
)


class PersonRole(WorkRole):
    """A role that a person assumes through the identity provider, with the session tag `uid`.

    Nobody gets in without the tag, with a mark in it (the id stands between two hyphens in a release's name), with any
    other tag, or under another session name than the id: CloudTrail tells that name, by which approver and submitter
    are compared. `sts:AssumeRole` has the key, `sts:TagSession` beside it has not, hence IfExists; nobody can leave it
    out, for RoleSessionName is required: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html.

    Behind that door, a session without the tag still can do nothing that makes or releases anything: a policy variable
    without a value would leave the denials that name it without effect.

    Controls: AC-3, AC-5, AC-6, IA-2.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        who = iam.CompositePrincipal(*_providers(settings)).with_session_tags()
        super().__init__(scope, construct_id, identity=settings.identity, principal=who)
        self.permissions.deny(*_MAKES_OR_RELEASES, when={"Null": {"aws:PrincipalTag/uid": "true"}})
        if settings.identity.source_identity:
            self._bind_source_identity(settings)

    def _bind_source_identity(self, settings: Settings) -> None:
        """Demand that the source identity, which nobody can change in a chain of roles, is the person's id.

        It is in each request of a session for which it was set, here or further up the chain, and a role that is
        assumed with one must allow `sts:SetSourceIdentity`
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html). That page
        doesn't say that the request's tags are known to this action, so it is allowed apart from the conditions: alone
        it lets nobody in.
        """
        providers = [_arn(name, settings.deployment.account) for name in settings.identity.identity_providers]
        trust = iam.PolicyStatement(
            actions=["sts:SetSourceIdentity"], principals=[as_interface(iam.ArnPrincipal(each)) for each in providers]
        )
        if self.assume_role_policy:
            self.assume_role_policy.add_statements(trust)
        bound = self.another_policy("SourceIdentity")
        bound.deny(*_MAKES_OR_RELEASES, when={"StringNotEquals": {"aws:SourceIdentity": UID}})


def _providers(settings: Settings) -> Sequence[iam.IPrincipal]:
    return [_principal(name, settings.deployment.account) for name in settings.identity.identity_providers]


def _principal(name: str, own_account: str) -> iam.IPrincipal:
    provider = iam.ArnPrincipal(_arn(name, own_account))
    return as_interface(
        provider.with_conditions(
            {
                "StringLike": {"aws:RequestTag/uid": "?*"},
                "StringNotLike": {"aws:RequestTag/uid": _NOT_AN_ID},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["uid"]},
                "StringEqualsIfExists": {"sts:RoleSessionName": "${aws:RequestTag/uid}"},
            },
        ),
    )


def _arn(name: str, own_account: str) -> str:
    account, _, resource = name.rpartition(":")
    return f"arn:{cdk.Aws.PARTITION}:iam::{account or own_account}:{resource}"
