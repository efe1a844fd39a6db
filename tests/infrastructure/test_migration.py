"""MLflow's database is migrated before its service changes, by a function that can do nothing else."""

import json
import tomllib

from compliance.synth import ROOT
from compliance.templates import Statement, Template, resources, statements

KIND = "Custom::AtollMlflowMigration"
NETWORK = "ec2:"


def has_database(environment: str) -> bool:
    settings = tomllib.loads((ROOT / "environments" / f"{environment}.toml").read_text())
    return settings["tracking"].get("database") != "sqlite"


def migrations(templates: dict[str, Template]) -> list[str]:
    return [each.logical_id for each in resources(templates, KIND)]


def rights(templates: dict[str, Template]) -> list[Statement]:
    found = [each for each in statements(templates) if each.policy.logical_id.startswith("MigrationMigrateRole")]
    return [each for each in found if not any(action.startswith(NETWORK) for action in each.actions)]


def everything_before(template: Template, logical_id: str) -> set[str]:
    direct = set(template["Resources"][logical_id].get("DependsOn", []))
    return direct.union(*(everything_before(template, each) for each in direct))


def test_only_a_postgresql_needs_a_migration(templates: dict[str, Template], environment: str) -> None:
    assert len(migrations(templates)) == has_database(environment)


def test_the_service_waits_for_the_migration_of_its_own_task(templates: dict[str, Template]) -> None:
    for migration in migrations(templates):
        stack = templates["Atoll-Tracking"]["Resources"]
        (service,) = [body for body in stack.values() if body["Type"] == "AWS::ECS::Service"]
        plan = stack[migration]["Properties"]["Migration"]
        assert migration in service["DependsOn"]
        assert plan["TaskDefinition"] == service["Properties"]["TaskDefinition"]
        assert plan["Cluster"] == service["Properties"]["Cluster"]
        network = service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert (plan["Subnets"], [plan["SecurityGroup"]]) == (network["Subnets"], network["SecurityGroups"])


def test_the_migration_waits_for_its_own_rights_and_for_the_tasks(templates: dict[str, Template]) -> None:
    for migration in migrations(templates):
        awaited = everything_before(templates["Atoll-Tracking"], migration)
        for start in ("MigrationMigrateRolePermissions", "TaskRolePermissions", "StartRolePermissions", "Database"):
            assert any(each.startswith(start) for each in awaited), start


def test_the_function_may_do_what_the_migration_needs_and_nothing_else(templates: dict[str, Template]) -> None:
    for _ in migrations(templates):
        actions = {action for each in rights(templates) for action in each.actions}
        assert actions == {
            "cloudformation:DescribeStacks",
            "ecs:DescribeTasks",
            "ecs:RunTask",
            "iam:PassRole",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "rds:CreateDBSnapshot",
            "rds:DescribeDBSnapshots",
            "sqs:SendMessage",
        }


def test_it_passes_the_tasks_roles_to_ecs_alone_and_runs_them_in_one_cluster(templates: dict[str, Template]) -> None:
    for _ in migrations(templates):
        by_action = {action: each for each in rights(templates) for action in each.actions}
        passed = by_action["iam:PassRole"]
        assert passed.keys("StringEquals") == {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        assert sorted(each["Fn::GetAtt"][0].rstrip("0123456789ABCDEF") for each in passed.resources) == [
            "StartRole",
            "TaskRole",
        ]
        for action in ("ecs:RunTask", "ecs:DescribeTasks"):
            assert "ecs:cluster" in by_action[action].keys("ArnEquals"), action
        assert not [each for each in rights(templates) if "*" in each.resources]


def test_its_function_may_take_the_longest_that_lambda_gives(templates: dict[str, Template]) -> None:
    for migration in migrations(templates):
        stack = templates["Atoll-Tracking"]["Resources"]
        function = stack[migration]["Properties"]["ServiceToken"]["Fn::GetAtt"][0]
        assert stack[function]["Properties"]["Timeout"] == 900
        assert stack[function]["Properties"]["VpcConfig"]
        assert "PGPASSWORD" not in json.dumps(stack[migration])
