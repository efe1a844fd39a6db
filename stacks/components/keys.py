"""One customer-managed key per purpose, so that a grant on one says nothing about another."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components.jsii_types import as_interface
from stacks.components.roles import service
from stacks.settings import Settings


class Keys(Construct):
    """The keys of a deployment.

    Controls: SC-12, SC-13, SC-28.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        production = settings.deployment.production
        self._removal = cdk.RemovalPolicy.RETAIN if production else cdk.RemovalPolicy.DESTROY
        self._account = settings.deployment.account
        self.data = self._key("Data", "ledgers, features, scores and MLflow's artifacts")
        self.jobs = self._key("Jobs", "volumes and outputs of jobs and endpoints")
        self.release = self._key("Release", "released models and the release functions")
        self.audit = self._key("Audit", "audit records and the trail", "cloudtrail")
        self.logs = self._key("Logs", "log groups", "logs")
        self.messages = self._key("Messages", "queues and topics", "events", "sns", "cloudwatch")
        self.registry = self._key("Registry", "container images")
        self.tracking = self._key("Tracking", "MLflow's database and secrets")
        self.signing = self._signing_key()
        self.release.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        self.audit.apply_removal_policy(cdk.RemovalPolicy.RETAIN)

    def _key(self, name: str, purpose: str, *services: str) -> kms.Key:
        key = kms.Key(
            self,
            name,
            description=f"Atoll: {purpose}",
            enable_key_rotation=True,
            removal_policy=self._removal,
        )
        for user in services:
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[as_interface(service(user))],
                    actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                    resources=["*"],
                    conditions=self._bound_to_account(user),
                ),
            )
        return key

    def _signing_key(self) -> kms.Key:
        """Make the key that signs released models: asymmetric, so KMS can't rotate it; kept, so signatures verify."""
        return kms.Key(
            self,
            "Signing",
            description="Atoll: signatures of released models",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )

    def _bound_to_account(self, user: str) -> dict[str, dict[str, str]]:
        """Bind a service to this account: CloudWatch Logs by its encryption context, the others by the source."""
        if user == "logs":
            groups = cdk.Stack.of(self).format_arn(service="logs", resource="*")
            return {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
        return {"StringEquals": {"aws:SourceAccount": self._account}}
