"""The tracking server's task: MLflow by digest, without root, on a read-only file system, secrets by reference."""

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from compliance.accepted import NO_AUTOMATIC_ROTATION, NO_RESOURCE_LEVEL, PLAIN_CONFIGURATION
from compliance.findings import accept_finding
from stacks.components.buckets import NETWORK_TAG
from stacks.components.functions import fips_environment
from stacks.components.jsii_types import as_interface
from stacks.components.keys import Keys
from stacks.components.logs import KeptLogGroup
from stacks.components.network import CONTAINER_PORT
from stacks.components.roles import WorkRole, service
from stacks.images import digest
from stacks.settings import Settings

_SCRATCH = "scratch"
_USER = "10001"


class TrackingSecrets(Construct):
    """What MLflow must know and nobody may read: cookie key, first administrator, database password.

    Controls: IA-5, SC-12, SC-28.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keys: Keys) -> None:
        super().__init__(scope, construct_id)
        self._keys = keys
        self.cookie_key = self._secret("CookieKey")
        self.administrator = self._secret("Administrator", user="administrator")

    def database_login(self) -> secretsmanager.Secret:
        """Make the login of the database (JSON with username and password)."""
        return self._secret("DatabaseLogin", user="mlflow")

    def _secret(self, name: str, *, user: str | None = None) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            name,
            encryption_key=as_interface(self._keys.tracking),
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_punctuation=True,
                password_length=40,
                generate_string_key="password" if user else None,
                secret_string_template=f'{{"username":"{user}"}}' if user else None,
            ),
        )
        accept_finding(secret, "AwsSolutions", "AwsSolutions-SMG4", because=NO_AUTOMATIC_ROTATION)
        rule = "NIST.800.53.R5-SecretsManagerRotationEnabled"
        accept_finding(secret, "NIST.800.53.R5", rule, because=NO_AUTOMATIC_ROTATION)
        return secret


@dataclass(frozen=True, kw_only=True)
class TrackingInputs:
    """What the task is made of: the image's repository, the artifact store, keys, and the environment's two halves."""

    repository: ecr.Repository
    artifacts: s3.Bucket
    keys: Keys
    environment: dict[str, str]
    secrets: dict[str, tuple[secretsmanager.Secret, str | None]]


class TrackingTask(ecs.FargateTaskDefinition):
    """One MLflow server; its migration runs from the same definition.

    Controls: AC-6, CM-7, CM-14, IA-5, SC-28.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, inputs: TrackingInputs) -> None:
        self.logs = KeptLogGroup(scope, "Logs", settings=settings, key=inputs.keys.logs)
        self.image_digest = digest(settings.images, "mlflow")
        starter = WorkRole(scope, "StartRole", identity=settings.identity, principal=service("ecs-tasks"))
        worker = WorkRole(scope, "TaskRole", identity=settings.identity, principal=service("ecs-tasks"))
        cdk.Tags.of(worker).add(NETWORK_TAG, "vpc")
        _let_it_start(starter, inputs, self.logs)
        worker.permissions.allow_objects("s3:GetObject", "s3:PutObject", bucket=inputs.artifacts, prefix="mlflow/")
        worker.permissions.allow_listing(bucket=inputs.artifacts, prefixes=["mlflow/"])
        worker.permissions.allow("kms:Decrypt", "kms:GenerateDataKey", on=[inputs.keys.data.key_arn])
        super().__init__(
            scope,
            construct_id,
            cpu=1024,
            memory_limit_mib=4096,
            execution_role=starter.fixed,
            task_role=worker.fixed,
            volumes=[ecs.Volume(name=_SCRATCH)],
        )
        self.roles = (starter, worker)
        self.node.add_dependency(starter.permissions, worker.permissions)
        image = f"{inputs.repository.repository_uri}@{self.image_digest}"
        self.container = self.add_container(
            "Mlflow",
            image=ecs.ContainerImage.from_registry(image),
            command=["serve"],
            environment=inputs.environment,
            secrets={name: _by_reference(scope, name, *each) for name, each in inputs.secrets.items()},
            port_mappings=[ecs.PortMapping(container_port=CONTAINER_PORT)],
            readonly_root_filesystem=True,
            user=_USER,
            logging=ecs.LogDrivers.aws_logs(stream_prefix="mlflow", log_group=self.logs),
        )
        self.container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume=_SCRATCH, read_only=False),  # noqa: S108 - its own volume
        )
        accept_finding(self, "AwsSolutions", "AwsSolutions-ECS2", because=PLAIN_CONFIGURATION)


def _by_reference(scope: Construct, name: str, secret: secretsmanager.Secret, field: str | None) -> ecs.Secret:
    """Refer to a secret by its ARN, so that ECS's construct grants nothing: `_let_it_start` says who may read it."""
    known = secretsmanager.Secret.from_secret_complete_arn(scope, f"Known{name}", secret.secret_arn)
    return ecs.Secret.from_secrets_manager(known, field)


def _let_it_start(role: WorkRole, inputs: TrackingInputs, logs: KeptLogGroup) -> None:
    """Give ECS what it needs to start the task: the image, the log, the secrets and their keys."""
    policy = role.permissions
    policy.allow_pattern("ecr:GetAuthorizationToken", on=["*"], because=NO_RESOURCE_LEVEL)
    accept_finding(policy, "cloudsplaining", "CredentialsExposure", because=NO_RESOURCE_LEVEL)
    policy.allow(
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
        on=[inputs.repository.repository_arn],
    )
    policy.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[logs.log_group_arn])
    secrets = dict.fromkeys(secret.secret_arn for secret, _ in inputs.secrets.values())
    policy.allow("secretsmanager:GetSecretValue", on=list(secrets))
    policy.allow("kms:Decrypt", on=[inputs.keys.tracking.key_arn])


def mlflow_environment(settings: Settings, *, database_uri: str, artifacts: str) -> dict[str, str]:
    """Give the plain half of the environment of `python -m mlflow_server serve` (docs/contracts.md)."""
    tracking = settings.tracking
    return {
        "MLFLOW_BACKEND_STORE_URI": database_uri,
        "MLFLOW_AUTH_DATABASE_URI": database_uri,
        "MLFLOW_ARTIFACTS_DESTINATION": artifacts,
        "MLFLOW_ALLOWED_HOSTS": f"{tracking.domain},{tracking.domain}:{tracking.port}",
        "MLFLOW_CORS_ALLOWED_ORIGINS": tracking.url,
        "MLFLOW_S3_EXPECTED_BUCKET_OWNER": settings.deployment.account,
        "AWS_DEFAULT_REGION": cdk.Aws.REGION,
        **fips_environment(settings),
    }
