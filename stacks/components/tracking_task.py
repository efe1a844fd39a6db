"""The tracking server's task: MLflow by digest, without root, on a read-only file system, secrets by reference."""

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from compliance.accepted import NO_AUTOMATIC_ROTATION, NO_RESOURCE_LEVEL, PLAIN_CONFIGURATION
from compliance.findings import accept_finding
from stacks.components.buckets import NETWORK_TAG
from stacks.components.functions import fips_environment
from stacks.components.jsii_types import as_interface
from stacks.components.keys import Keys
from stacks.components.network import CONTAINER_PORT
from stacks.components.roles import WorkRole, service
from stacks.images import digest
from stacks.settings import Settings

_SCRATCH = "scratch"
_USER = "10001"


class TrackingSecrets(Construct):
    """What MLflow must know and nobody may read: the cookie key and its first administrator.

    Controls: IA-5, SC-12, SC-28.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keys: Keys) -> None:
        super().__init__(scope, construct_id)
        self._keys = keys
        self.cookie_key = self._secret("CookieKey")
        self.administrator = self._secret("Administrator", user="administrator")

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
class TaskInputs:
    """What a task is made of: the image's repository, keys, the log, and the environment's two halves.

    Secrets are given as the ARN of a secret and the field of its JSON (None for the whole text).
    """

    repository: ecr.Repository
    keys: Keys
    logs: logs.LogGroup
    environment: Mapping[str, str]
    secrets: Mapping[str, tuple[str, str | None]]


class TrackingTask(ecs.FargateTaskDefinition):
    """A task of MLflow's image: `serve`, or `migrate` with the login of the tables' owner. `worker` is its role.

    Controls: AC-6, CM-7, IA-5, SC-28.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, inputs: TaskInputs, command: str
    ) -> None:
        self.logs = inputs.logs
        self.image_digest = digest(settings.images, "mlflow")
        starter, self.worker = (
            WorkRole(scope, f"{construct_id}{kind}", identity=settings.identity, principal=service("ecs-tasks"))
            for kind in ("Start", "Work")
        )
        cdk.Tags.of(self.worker).add(NETWORK_TAG, "vpc")
        _let_it_start(starter, inputs)
        super().__init__(
            scope,
            construct_id,
            cpu=1024,
            memory_limit_mib=4096,
            execution_role=starter.fixed,
            task_role=self.worker.fixed,
            volumes=[ecs.Volume(name=_SCRATCH)],
        )
        self.roles = (starter, self.worker)
        self.node.add_dependency(starter.permissions, self.worker.permissions)
        self.container = self._contain(inputs, command)
        accept_finding(self, "AwsSolutions", "AwsSolutions-ECS2", because=PLAIN_CONFIGURATION)

    def _contain(self, inputs: TaskInputs, command: str) -> ecs.ContainerDefinition:
        """Confine the container: no root, no capability, one place to write that is gone with the task."""
        confined = ecs.LinuxParameters(self, "Linux", init_process_enabled=True)
        confined.drop_capabilities(ecs.Capability.ALL)
        container = self.add_container(
            "Mlflow",
            image=ecs.ContainerImage.from_registry(f"{inputs.repository.repository_uri}@{self.image_digest}"),
            command=[command],
            environment=dict(inputs.environment),
            secrets={name: _by_reference(self, name, *each) for name, each in inputs.secrets.items()},
            port_mappings=[ecs.PortMapping(container_port=CONTAINER_PORT)],
            readonly_root_filesystem=True,
            user=_USER,
            linux_parameters=confined,
            logging=ecs.LogDrivers.aws_logs(stream_prefix=command, log_group=inputs.logs),
        )
        container.add_mount_points(
            ecs.MountPoint(container_path="/tmp", source_volume=_SCRATCH, read_only=False),  # noqa: S108 - its own volume
        )
        return container


def _by_reference(scope: Construct, name: str, arn: str, field: str | None) -> ecs.Secret:
    """Refer to a secret by its ARN, so that ECS's construct grants nothing: `_let_it_start` says who may read it."""
    known = secretsmanager.Secret.from_secret_complete_arn(scope, f"Known{name}", arn)
    return ecs.Secret.from_secrets_manager(known, field)


def _let_it_start(role: WorkRole, inputs: TaskInputs) -> None:
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
    policy.allow("logs:CreateLogStream", "logs:PutLogEvents", on=[inputs.logs.log_group_arn])
    policy.allow("secretsmanager:GetSecretValue", on=list(dict.fromkeys(arn for arn, _ in inputs.secrets.values())))
    policy.allow("kms:Decrypt", on=[inputs.keys.tracking.key_arn])


def let_it_keep_artifacts(task: TrackingTask, bucket: s3.Bucket, keys: Keys) -> None:
    """Let a server read and write artifacts below one prefix of one bucket, whatever location MLflow was told."""
    policy = task.worker.permissions
    policy.allow_objects("s3:GetObject", "s3:PutObject", bucket=bucket, prefix="mlflow/")
    policy.allow_listing(bucket=bucket, prefixes=["mlflow/"])
    policy.allow("kms:Decrypt", "kms:GenerateDataKey", on=[keys.data.key_arn])


def server_environment(settings: Settings, *, artifacts: str) -> dict[str, str]:
    """Give the plain half of the environment of `serve` (docs/contracts.md), but for the databases."""
    tracking = settings.tracking
    return {
        "MLFLOW_ARTIFACTS_DESTINATION": artifacts,
        "MLFLOW_ALLOWED_HOSTS": ",".join([tracking.domain, *(f"{tracking.domain}:{port}" for port in tracking.ports)]),
        "MLFLOW_CORS_ALLOWED_ORIGINS": ",".join(tracking.urls),
        "MLFLOW_S3_EXPECTED_BUCKET_OWNER": settings.deployment.account,
        **fips_environment(settings),
    }
