"""The migration of MLflow's database: a custom resource that the service waits for, after a snapshot."""

from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, REPEATED_REFERENCE
from compliance.findings import accept_finding
from stacks.components.functions import EventFunction, Workplace
from stacks.components.jsii_types import resource_of
from stacks.components.network import Network
from stacks.components.roles import RolePolicy
from stacks.components.tracking_task import TrackingTask

_MINUTES = 15  # the most that Lambda gives
_SNAPSHOT = "atoll-before-migration"


@dataclass(frozen=True, kw_only=True)
class MigrationInputs:
    """What a migration needs: the task to run, where it runs, and the database to keep a snapshot of."""

    task: TrackingTask
    cluster: ecs.Cluster
    network: Network
    database: rds.DatabaseInstance


class Migration(Construct):
    """Runs the migration's task once for each revision of its definition; a failure fails the stack's update.

    Controls: CM-3, CP-9, CP-10.
    """

    def __init__(self, scope: Construct, construct_id: str, *, place: Workplace, inputs: MigrationInputs) -> None:
        super().__init__(scope, construct_id)
        function = EventFunction(
            self,
            "Migrate",
            place=place,
            code=lambda_.Code.from_asset(str(Path(__file__).parent), exclude=["__init__.py", "__pycache__"]),
            handler="run.handler",
        )
        resource_of(function).add_property_override("Timeout", _MINUTES * 60)
        _let_it_migrate(function.permissions, inputs)
        done = cdk.CustomResource(
            self,
            "Done",
            resource_type="Custom::AtollMlflowMigration",
            service_token=function.function_arn,
            properties={"Migration": _plan(inputs)},
        )
        done.node.add_dependency(function, inputs.task, inputs.database)
        accept_finding(done, "cfn-lint", "W3005", because=REPEATED_REFERENCE)


def _plan(inputs: MigrationInputs) -> dict[str, object]:
    """What the function is told; a new revision of the task definition makes CloudFormation ask for a migration."""
    return {
        "Cluster": inputs.cluster.cluster_name,
        "TaskDefinition": inputs.task.task_definition_arn,
        "LogGroup": inputs.task.logs.log_group_name,
        "Subnets": inputs.network.work_subnets.subnet_ids,
        "SecurityGroup": inputs.network.tasks.security_group_id,
        "Database": inputs.database.instance_identifier,
        "SnapshotPrefix": f"{_SNAPSHOT}-{inputs.task.image_digest.removeprefix('sha256:')[:12]}",
    }


def _let_it_migrate(policy: RolePolicy, inputs: MigrationInputs) -> None:
    """Allow a snapshot of this database and this family's tasks in this cluster, nothing else."""
    stack = cdk.Stack.of(policy)
    snapshots = stack.format_arn(
        service="rds",
        resource="snapshot",
        resource_name=f"{_SNAPSHOT}-*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    definitions = stack.format_arn(service="ecs", resource="task-definition", resource_name=f"{inputs.task.family}:*")
    tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{inputs.cluster.cluster_name}/*")
    here = {"ArnEquals": {"ecs:cluster": inputs.cluster.cluster_arn}}
    policy.allow("cloudformation:DescribeStacks", on=[stack.stack_id])
    policy.allow("rds:CreateDBSnapshot", on=[inputs.database.instance_arn])
    # The instance's tags go onto its snapshots, which takes the right to tag them as well
    # (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html).
    of_snapshots = ("rds:AddTagsToResource", "rds:CreateDBSnapshot", "rds:DescribeDBSnapshots")
    policy.allow_pattern(*of_snapshots, on=[snapshots], because=NAMED_AT_RUN_TIME)
    policy.allow_pattern("ecs:RunTask", on=[definitions], because=NAMED_AT_RUN_TIME, when=here)
    policy.allow_pattern("ecs:DescribeTasks", on=[tasks], because=NAMED_AT_RUN_TIME, when=here)
    policy.allow_passing(*inputs.task.roles, to="ecs-tasks")
