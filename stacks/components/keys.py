"""One customer-managed key per purpose, usable only through the services that this purpose needs."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from compliance.accepted import WHOEVER_LOGS
from compliance.findings import accept_finding
from stacks.components.jsii_types import as_interface
from stacks.components.removal import KEPT
from stacks.components.roles import service
from stacks.regions import via_service
from stacks.settings import Settings

_ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:Describe*",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey*",
    "kms:Get*",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


class Keys(Construct):
    """The keys of a deployment. IAM says who of the account may use one, its own policy only through which services.

    Controls: AC-6, SC-12, SC-13, SC-28.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        production = settings.deployment.production
        self._removal = KEPT if production else cdk.RemovalPolicy.DESTROY
        self._account = settings.deployment.account
        self._region = settings.deployment.region
        self.data = self._key("Data", "ledgers, features, scores and MLflow's artifacts", via=("s3",))
        self.jobs = self._key("Jobs", "volumes and outputs of jobs and endpoints", via=("s3", "sagemaker"))
        self._let_jobs_grant(self.jobs)
        self.release = self._key("Release", "released models and the release functions", via=("s3", "lambda"))
        self.audit = self._key("Audit", "audit records and the trail", via=("s3",), services=("cloudtrail",))
        self.logs = self._key("Logs", "log groups", services=("logs",))
        self._let_anyone_log(self.logs)
        notifiers = ("events", "sns", "cloudwatch")
        self.messages = self._key("Messages", "queues and topics", via=("sns", "sqs"), services=notifiers)
        self.registry = self._key("Registry", "container images", via=("ecr",))
        runs = ("secretsmanager", "rds", "backup")
        self.tracking = self._key("Tracking", "MLflow's database and secrets", via=runs)
        self.signing = self._signing_key()
        self.release.apply_removal_policy(KEPT)
        self.audit.apply_removal_policy(KEPT)

    def _key(self, name: str, purpose: str, *, via: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> kms.Key:
        """Make a key that the account uses through the services `via`, and that `services` use by themselves."""
        return kms.Key(
            self,
            name,
            alias=f"atoll/{name.lower()}",
            description=f"Atoll: {purpose}",
            enable_key_rotation=True,
            removal_policy=self._removal,
            policy=iam.PolicyDocument(
                statements=[
                    self._of_account(*_ADMINISTER),
                    *(self._through(via) if via else ()),
                    *(self._by_service(user) for user in services),
                ],
            ),
        )

    def _signing_key(self) -> kms.Key:
        """Make the key that signs released models: asymmetric, so KMS can't rotate it; kept, so signatures verify."""
        return kms.Key(
            self,
            "Signing",
            alias="atoll/signing",
            description="Atoll: signatures of released models",
            key_spec=kms.KeySpec.ECC_NIST_P256,
            key_usage=kms.KeyUsage.SIGN_VERIFY,
            removal_policy=KEPT,
            policy=iam.PolicyDocument(statements=[self._of_account(*_ADMINISTER, "kms:Sign", "kms:Verify")]),
        )

    def _let_anyone_log(self, key: kms.Key) -> None:
        """Let whoever of the account may write logs, or make a group, use the key through CloudWatch Logs.

        Logs asks for the key in the caller's name, too (step 2 of
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html). Whether it does so for
        writers, and for which, isn't documented; so nobody needs the right in a policy of their own, as with the keys
        that AWS manages (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html).
        """
        here = {"kms:ViaService": via_service("logs", self._region), "kms:CallerAccount": self._account}
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[as_interface(iam.AnyPrincipal())],
                actions=[*_USE, "kms:DescribeKey"],
                resources=["*"],
                conditions={"StringEquals": here},
            )
        )
        accept_finding(key, "checkov", "CKV_AWS_33", because=WHOEVER_LOGS)

    def _let_jobs_grant(self, key: kms.Key) -> None:
        """Leave grants for volumes to IAM however SageMaker asks for them.

        Its execution roles need `kms:CreateGrant` (https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).
        Whether it asks by forward access (`kms:ViaService`) or with the role, and whether it says that the grant is for
        a resource of AWS's, isn't documented; so neither is demanded, and what a grant may hold is bounded instead.
        """
        key.add_to_resource_policy(self._of_account("kms:CreateGrant", when=lendable(self._account)))

    def _of_account(self, *actions: str, when: dict[str, dict[str, object]] | None = None) -> iam.PolicyStatement:
        """Leave these actions to IAM in this account."""
        account = as_interface(iam.AccountPrincipal(self._account))
        return iam.PolicyStatement(principals=[account], actions=list(actions), resources=["*"], conditions=when)

    def _through(self, services: tuple[str, ...]) -> tuple[iam.PolicyStatement, ...]:
        """Leave the key's use to IAM where one of these services asks in the caller's name, and grants to them."""
        asked: dict[str, object] = {"kms:ViaService": [via_service(name, self._region) for name in services]}
        here = {**asked, "kms:CallerAccount": self._account}
        # As AWS's page on keys for RDS, ECR and Secrets Manager shows it; SageMaker's grants: `_let_jobs_grant`.
        lent: dict[str, dict[str, object]] = {"StringEquals": here, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        return self._of_account(*_USE, when={"StringEquals": here}), self._of_account("kms:CreateGrant", when=lent)

    def _by_service(self, user: str) -> iam.PolicyStatement:
        # Logs is documented by its regional principal alone (the page named in `_let_anyone_log`).
        who = f"logs.{self._region}" if user == "logs" else user
        return iam.PolicyStatement(
            principals=[as_interface(service(who))],
            actions=[*_USE, "kms:DescribeKey"],
            resources=["*"],
            conditions=self._bound_to_account(user),
        )

    def _bound_to_account(self, user: str) -> dict[str, dict[str, str]]:
        """Bind a service to this account: CloudWatch Logs by its encryption context, the others by the source.

        EventBridge is not bound: its guide shows no condition for encrypted dead letters, and says that it sends none
        for encrypted topics (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html). Whose rules may use a queue, its own policy
        says by `aws:SourceArn`.
        """
        if user == "events":
            return {}
        if user == "logs":
            groups = cdk.Stack.of(self).format_arn(service="logs", resource="*")
            return {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
        return {"StringEquals": {"aws:SourceAccount": self._account}}


def lendable(account: str) -> dict[str, dict[str, object]]:
    """Say what a grant on a key of volumes may hold: use, as disks need it, for callers of this account."""
    use = ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"]
    on_and_back = ["CreateGrant", "ReEncryptFrom", "ReEncryptTo", "RetireGrant"]
    return {
        "StringEquals": {"kms:CallerAccount": account},
        "ForAllValues:StringEquals": {"kms:GrantOperations": [*use, *on_and_back]},
        "Null": {"kms:GrantOperations": "false"},
    }
