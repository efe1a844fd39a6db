"""What ECS doesn't have or know yet, and that what we deploy bears it."""

import json
import runpy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from compliance.synth import ROOT
from local.cloud import LocalCloud
from local.not_yet import LINKED_ROLE, SERVICE
from tests.contract.local_templates import resource
from tests.faults.creations import created, delete, events

MIGRATION = runpy.run_path(str(ROOT / "stacks/components/migration/run.py"))


@pytest.fixture
def young(cloud: LocalCloud) -> LocalCloud:
    """An account that never had a cluster."""
    if LINKED_ROLE in {each["RoleName"] for each in cloud.client("iam").list_roles()["Roles"]}:
        cloud.client("iam").delete_service_linked_role(RoleName=LINKED_ROLE)
    return cloud


def test_an_accounts_first_cluster_fails_and_the_second_attempt_passes(young: LocalCloud) -> None:
    client, template = young.client("cloudformation"), {"Resources": {"Cluster": resource("ECS::Cluster")}}
    assert created(client, "first-cluster", template) == "ROLLBACK_COMPLETE"
    assert "Unable to assume the service linked role" in json.dumps(events(client, "first-cluster"), default=str)
    delete(client, "first-cluster")
    assert created(client, "first-cluster", template) == "CREATE_COMPLETE"
    delete(client, "first-cluster")


def test_who_makes_the_linked_role_first_as_the_preflight_asks_meets_no_failure(young: LocalCloud) -> None:
    with pytest.raises(ClientError, match="service linked role"):
        young.client("ecs").create_cluster(clusterName="refused")
    young.client("iam").delete_service_linked_role(RoleName=LINKED_ROLE)
    made = young.client("iam").create_service_linked_role(AWSServiceName=SERVICE)["Role"]
    assert made["Arn"].endswith(f":role/aws-service-role/{SERVICE}/{LINKED_ROLE}")
    assert young.client("ecs").create_cluster(clusterName="taken")["cluster"]["status"] == "ACTIVE"
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        young.client("iam").create_service_linked_role(AWSServiceName=SERVICE)


def test_the_migration_waits_for_a_task_that_ecs_does_not_know_yet(young: LocalCloud) -> None:
    young.client("iam").create_service_linked_role(AWSServiceName=SERVICE)
    ecs, pauses = young.client("ecs"), []
    ecs.create_cluster(clusterName="tasks")
    container = {"name": "migrate", "image": "none", "essential": True}
    ecs.register_task_definition(family="migration", containerDefinitions=[container])
    plan: dict[str, Any] = {
        "Cluster": "tasks", "TaskDefinition": "migration", "Subnets": ["subnet-1"], "SecurityGroup": "sg-1",
        "LogGroup": "log",
    }  # fmt: skip

    def known() -> list[dict[str, Any]]:
        arns = ecs.list_tasks(cluster="tasks")["taskArns"]
        return ecs.describe_tasks(cluster="tasks", tasks=arns)["tasks"]

    def end(_seconds: float) -> None:
        pauses.extend(known())
        for task in pauses:
            ecs.stop_task(cluster="tasks", task=task["taskArn"])

    waiting = MIGRATION["Waiting"](float("inf"), pause=end)
    told = MIGRATION["run_task"](ecs, plan, "token", waiting)
    assert told.endswith("migrated the database")
    assert len(pauses) == 1


def test_the_first_question_for_a_task_finds_none(young: LocalCloud) -> None:
    young.client("iam").create_service_linked_role(AWSServiceName=SERVICE)
    ecs = young.client("ecs")
    ecs.create_cluster(clusterName="asked")
    container = {"name": "migrate", "image": "none", "essential": True}
    ecs.register_task_definition(family="asked", containerDefinitions=[container])
    arn = ecs.run_task(cluster="asked", taskDefinition="asked")["tasks"][0]["taskArn"]
    first, second = (ecs.describe_tasks(cluster="asked", tasks=[arn]) for _ in range(2))
    assert (first["tasks"], first["failures"]) == ([], [{"arn": arn, "reason": "MISSING"}])
    assert [each["taskArn"] for each in second["tasks"]] == [arn]
