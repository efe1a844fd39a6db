"""Tracking: MLflow on Fargate behind an internal TLS load balancer, with PostgreSQL."""

from typing import Unpack

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.components.balancer import InternalBalancer
from stacks.components.database import TrackingDatabase
from stacks.components.functions import DeadLetters
from stacks.components.migration import Migration, MigrationInputs
from stacks.components.stack import AtollStack, StackOptions
from stacks.components.tracking_task import TrackingInputs, TrackingSecrets, TrackingTask, mlflow_environment
from stacks.foundation import FoundationStack
from stacks.registry import RegistryStack
from stacks.settings import Settings


class TrackingStack(AtollStack):
    """The MLflow server; publishes its address and the administrator's secret."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: FoundationStack,
        registry: RegistryStack,
        **options: Unpack[StackOptions],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings, **options)
        self._settings = settings
        self._foundation = foundation
        self.secrets = TrackingSecrets(self, "Secrets", keys=foundation.keys)
        database = self._database() if settings.tracking.database == "postgresql" else None
        task = TrackingTask(self, "Task", settings=settings, inputs=self._inputs(registry, database))
        balancer = InternalBalancer(
            self,
            "Door",
            settings=settings,
            network=foundation.network,
            access_logs=foundation.access_logs,
        )
        cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=foundation.network.vpc,
            container_insights_v2=ecs.ContainerInsights.ENHANCED,
        )
        running = self._service(task, cluster)
        if database:
            running.node.add_dependency(self._migration(task, cluster, database))
        balancer.forward_to(running)
        if settings.deployment.production:
            balancer.guard(foundation.keys)
        ssm.StringParameter(self, "Url", parameter_name="/atoll/tracking/url", string_value=settings.tracking.url)
        self.output("TrackingUrl", settings.tracking.url)
        self.output("TrackingAdminSecretArn", self.secrets.administrator.secret_arn)

    def _database(self) -> TrackingDatabase:
        return TrackingDatabase(
            self,
            "Database",
            settings=self._settings,
            network=self._foundation.network,
            keys=self._foundation.keys,
            credentials=self.secrets.database_login(),
        )

    def _inputs(self, registry: RegistryStack, database: TrackingDatabase | None) -> TrackingInputs:
        """Gather what the task runs with: PostgreSQL and S3, or on the laptop files in the task's own folder."""
        secrets = {
            "MLFLOW_FLASK_SERVER_SECRET_KEY": (self.secrets.cookie_key, None),
            "MLFLOW_AUTH_ADMIN_USERNAME": (self.secrets.administrator, "username"),
            "MLFLOW_AUTH_ADMIN_PASSWORD": (self.secrets.administrator, "password"),
        }
        if database:
            secrets |= {"PGUSER": (database.login, "username"), "PGPASSWORD": (database.login, "password")}
            artifacts = self._foundation.data.s3_url_for_object("mlflow")
            environment = mlflow_environment(self._settings, database_uri=database.uri, artifacts=artifacts)
        else:
            store = "sqlite:///mlflow.db"
            environment = mlflow_environment(self._settings, database_uri=store, artifacts="./artifacts")
            environment["MLFLOW_AUTH_DATABASE_URI"] = "sqlite:///auth.db"
        return TrackingInputs(
            repository=registry.mlflow,
            artifacts=self._foundation.data,
            keys=self._foundation.keys,
            environment=environment,
            secrets=secrets,
        )

    def _migration(self, task: TrackingTask, cluster: ecs.Cluster, database: TrackingDatabase) -> Migration:
        network = self._foundation.network
        inputs = MigrationInputs(task=task, cluster=cluster, network=network, database=database.instance)
        dead_letters = DeadLetters(self, "DeadLetters", key=self._foundation.keys.messages)
        place = self._foundation.workplace(dead_letters)
        return Migration(self, "Migration", place=place, inputs=inputs)

    def _service(self, task: TrackingTask, cluster: ecs.Cluster) -> ecs.FargateService:
        network = self._foundation.network
        return ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            desired_count=2 if self._settings.tracking.database == "postgresql" else 1,
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Work"),
            security_groups=[network.tasks],
            assign_public_ip=False,
        )
