"""MLflow's PostgreSQL: two zones, our key, TLS only, no password of ours, backed up twice, watched."""

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from compliance.accepted import DEVELOPMENT_ONLY, NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from compliance.findings import accept_finding
from stacks.components.jsii_types import resource_of
from stacks.components.keys import Keys
from stacks.components.network import DATABASE_PORT, Network
from stacks.components.removal import KEPT
from stacks.components.roles import RolePolicy, WorkRole, service
from stacks.database_engine import MAJOR_VERSION, instance_type
from stacks.settings import Settings

_NAME = "mlflow"
VAULT = "atoll-tracking"
"""Where AWS Backup keeps the database's recovery points; the alarm on failed jobs names it."""
OWNER = "atoll_owner"
"""The user who owns the database and its tables; only the migration signs in so."""
SERVER_USER = "mlflow"
"""The running server's user: `mlflow_server.settings.SERVER_USER`."""
_AUTHORITIES = "/opt/atoll/rds-ca-bundle.pem"  # where mlflow_server/Dockerfile puts them
_OF_INSTANCES = ("rds:CreateDBSnapshot", "rds:DescribeDBInstances", "rds:ListTagsForResource")
_OF_SNAPSHOTS = (
    "rds:AddTagsToResource",
    "rds:CopyDBSnapshot",
    "rds:CreateDBSnapshot",
    "rds:DeleteDBSnapshot",
    "rds:DescribeDBSnapshots",
    "rds:ListTagsForResource",
)
_VERSION = rds.PostgresEngineVersion.of(MAJOR_VERSION, MAJOR_VERSION)


class TrackingDatabase(Construct):
    """A Multi-AZ PostgreSQL instance that only the tracking tasks can reach.

    RDS makes the owner's password and changes it every week; only the migration reads it. The server signs in with
    tokens of its task's role.

    Controls: AU-2, CP-9, CP-10, IA-5(1), SC-8, SC-28.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, network: Network, keys: Keys
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        production = settings.deployment.production
        engine = rds.DatabaseInstanceEngine.postgres(version=_VERSION)
        self.instance = rds.DatabaseInstance(
            self,
            "Instance",
            engine=engine,
            instance_type=ec2.InstanceType(instance_type(production=production)),
            database_name=_NAME,
            credentials=rds.Credentials.from_password(OWNER, cdk.SecretValue.unsafe_plain_text("taken away below")),
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            parameter_group=rds.ParameterGroup(self, "Parameters", engine=engine, parameters={"rds.force_ssl": "1"}),
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Data"),
            security_groups=[network.database],
            port=DATABASE_PORT,
            multi_az=True,
            storage_encrypted=True,
            storage_encryption_key=keys.tracking,
            iam_authentication=True,
            backup_retention=cdk.Duration.days(35),
            preferred_backup_window="07:00-08:00",  # not when AWS Backup takes its snapshots, from 05:00 on
            cloudwatch_logs_exports=["postgresql", "upgrade"],
            monitoring_interval=cdk.Duration.minutes(1),
            monitoring_role=self._monitoring_role(),
            deletion_protection=production,
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
        )
        self._let_rds_make_the_password(keys)
        if not production:
            self._accept_no_protection()
        self._back_up(keys)

    @property
    def environment(self) -> dict[str, str]:
        """SQLAlchemy's addresses, with its driver, and the authorities by which libpq checks the certificate."""
        address = f"{self.instance.db_instance_endpoint_address}:{DATABASE_PORT}"
        uri = f"postgresql+psycopg2://{address}/{_NAME}?sslmode=verify-full"
        return {
            "MLFLOW_BACKEND_STORE_URI": uri,
            "MLFLOW_AUTH_DATABASE_URI": uri,
            "PGSSLROOTCERT": _AUTHORITIES,
            "AWS_DEFAULT_REGION": cdk.Aws.REGION,
        }

    @property
    def owner(self) -> str:
        """The ARN of the secret that RDS keeps the owner's login in: JSON with username and password."""
        return cdk.Token.as_string(resource_of(self.instance).get_att("MasterUserSecret.SecretArn"))

    def let_sign_in(self, policy: RolePolicy, *, as_user: str) -> None:
        """Let a role sign tokens for one user of this database (`SERVER_USER` or `OWNER`), and for no other."""
        of_instance = cdk.Stack.of(self).format_arn(
            service="rds-db",
            resource="dbuser",
            resource_name=f"{self.instance.instance_resource_id}/{as_user}",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        policy.allow("rds-db:connect", on=[of_instance])

    def _let_rds_make_the_password(self, keys: Keys) -> None:
        """The construct knows passwords only; RDS rotates one that it makes itself, without a function of ours."""
        resource = resource_of(self.instance)
        resource.add_property_deletion_override("MasterUserPassword")
        resource.add_property_override("ManageMasterUserPassword", value=True)
        resource.add_property_override("MasterUserSecret.KmsKeyId", keys.tracking.key_arn)

    def _monitoring_role(self) -> iam.IRole:
        role = WorkRole(self, "MonitoringRole", identity=self._settings.identity, principal=service("monitoring.rds"))
        stack = cdk.Stack.of(self)
        role.permissions.allow_pattern(
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            "logs:PutLogEvents",
            "logs:PutRetentionPolicy",
            on=[stack.format_arn(service="logs", resource="log-group:RDSOSMetrics:*")],
            because=NAMED_AT_RUN_TIME,
        )
        return role.fixed

    def _accept_no_protection(self) -> None:
        accept_finding(self.instance, "AwsSolutions", "AwsSolutions-RDS10", because=DEVELOPMENT_ONLY)
        nist = "NIST.800.53.R5"
        accept_finding(self.instance, nist, f"{nist}-RDSInstanceDeletionProtectionEnabled", because=DEVELOPMENT_ONLY)

    def _back_up(self, keys: Keys) -> None:
        vault = backup.BackupVault(
            self, "Vault", backup_vault_name=VAULT, encryption_key=keys.tracking, removal_policy=KEPT
        )
        plan = backup.BackupPlan(
            self,
            "Backup",
            backup_vault=vault,
            backup_plan_rules=[backup.BackupPlanRule.daily(), backup.BackupPlanRule.monthly1_year()],
        )
        role = WorkRole(self, "BackupRole", identity=self._settings.identity, principal=service("backup"))
        snapshots = cdk.Stack.of(self).format_arn(service="rds", resource="snapshot:awsbackup:*")
        role.permissions.allow(*_OF_INSTANCES, on=[self.instance.instance_arn])
        role.permissions.allow_pattern(*_OF_SNAPSHOTS, on=[snapshots], because=NAMED_AT_RUN_TIME)
        # Beside RDS's actions, AWS Backup's list for policies of one's own has these
        # (https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html).
        role.permissions.allow("backup:CopyIntoBackupVault", "backup:DescribeBackupVault", on=[vault.backup_vault_arn])
        role.permissions.allow("kms:DescribeKey", on=[keys.tracking.key_arn])
        role.permissions.allow_pattern("tag:GetResources", on=["*"], because=NO_RESOURCE_LEVEL)
        resource = backup.BackupResource.from_rds_database_instance(self.instance)
        plan.add_selection("Database", resources=[resource], role=role.fixed, disable_default_backup_policy=True)
