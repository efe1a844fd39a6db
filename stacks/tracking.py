"""Tracking: MLflow on Fargate behind an internal TLS load balancer, with PostgreSQL."""

from collections.abc import Mapping
from typing import Unpack

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.components.alerts import notifications, ring_when_a_backup_fails
from stacks.components.balancer import InternalBalancer
from stacks.components.database import OWNER, SERVER_USER, TrackingDatabase
from stacks.components.firewall import Firewall
from stacks.components.functions import DeadLetters
from stacks.components.logs import KeptLogGroup
from stacks.components.migration import Migration, MigrationInputs
from stacks.components.stack import AtollStack, StackOptions
from stacks.components.tracking_task import (
    TaskInputs,
    TrackingSecrets,
    TrackingTask,
    let_it_keep_artifacts,
    server_environment,
)
from stacks.foundation import FoundationStack
from stacks.registry import RegistryStack
from stacks.settings import Settings

_FILES = {"MLFLOW_BACKEND_STORE_URI": "sqlite:///mlflow.db", "MLFLOW_AUTH_DATABASE_URI": "sqlite:///auth.db"}


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
        self._registry = registry
        self._logs = KeptLogGroup(self, "Logs", settings=settings, key=foundation.keys.logs)
        database = self._database() if settings.tracking.database == "postgresql" else None
        task = self._server(database)
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
            running.node.add_dependency(self._migration(cluster, database))
            if not settings.models:  # else the monitoring stack rings, at the topic of the releases
                topic = notifications(self, foundation.keys)
                ring_when_a_backup_fails(self, topic)
                self.output("NotificationTopicArn", topic.topic_arn)
        balancer.forward_to(running)
        if settings.deployment.production:
            Firewall(self, "Firewall", settings=settings, balancer=balancer.balancer, keys=foundation.keys)
        ssm.StringParameter(self, "Url", parameter_name="/atoll/tracking/url", string_value=settings.tracking.url)
        self.output("TrackingUrl", settings.tracking.url)
        self.output("TrackingAdminSecretArn", self.secrets.administrator.secret_arn)

    def _database(self) -> TrackingDatabase:
        foundation = self._foundation
        return TrackingDatabase(
            self, "Database", settings=self._settings, network=foundation.network, keys=foundation.keys
        )

    def _server(self, database: TrackingDatabase | None) -> TrackingTask:
        """The task that serves: on PostgreSQL and S3, or on the laptop on files in the task's own folder."""
        secrets = {
            "MLFLOW_FLASK_SERVER_SECRET_KEY": (self.secrets.cookie_key.secret_arn, None),
            "MLFLOW_AUTH_ADMIN_USERNAME": (self.secrets.administrator.secret_arn, "username"),
            "MLFLOW_AUTH_ADMIN_PASSWORD": (self.secrets.administrator.secret_arn, "password"),
        }
        artifacts = self._foundation.data.s3_url_for_object("mlflow") if database else "./artifacts"
        stores = database.environment if database else _FILES
        environment = stores | server_environment(self._settings, artifacts=artifacts)
        task = self._task("Task", environment, secrets, command="serve")
        let_it_keep_artifacts(task, self._foundation.data, self._foundation.keys)
        if database:
            database.let_sign_in(task.worker.permissions, as_user=SERVER_USER)
        return task

    def _migration(self, cluster: ecs.Cluster, database: TrackingDatabase) -> Migration:
        """The migration, by a task of its own: it alone gets the owner's login; its role may do nothing else."""
        owner = {"PGUSER": (database.owner, "username"), "PGPASSWORD": (database.owner, "password")}
        task = self._task("MigrationTask", database.environment, owner, command="migrate")
        database.let_sign_in(task.worker.permissions, as_user=OWNER)
        network = self._foundation.network
        inputs = MigrationInputs(task=task, cluster=cluster, network=network, database=database.instance)
        dead_letters = DeadLetters(self, "DeadLetters", key=self._foundation.keys.messages)
        place = self._foundation.workplace(dead_letters)
        return Migration(self, "Migration", place=place, inputs=inputs)

    def _task(
        self,
        name: str,
        environment: Mapping[str, str],
        secrets: Mapping[str, tuple[str, str | None]],
        *,
        command: str,
    ) -> TrackingTask:
        inputs = TaskInputs(
            repository=self._registry.mlflow,
            keys=self._foundation.keys,
            logs=self._logs,
            environment=environment,
            secrets=secrets,
        )
        return TrackingTask(self, name, settings=self._settings, inputs=inputs, command=command)

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
            health_check_grace_period=cdk.Duration.minutes(5),
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Work"),
            security_groups=[network.tasks],
            assign_public_ip=False,
        )
