"""MLflow's database is migrated before its service changes, by a function that can do nothing else."""

import json
import tomllib
from typing import Any

from compliance.synth import ROOT
from compliance.templates import Statement, Template, resources, statements
from mlflow_server.settings import SERVER_USER

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


def tasks_of(templates: dict[str, Template]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The task definitions of the service and of the migration."""
    stack = templates["Atoll-Tracking"]["Resources"]
    (service,) = [body for body in stack.values() if body["Type"] == "AWS::ECS::Service"]
    (plan,) = [stack[each]["Properties"]["Migration"] for each in migrations(templates)]
    definitions = (service["Properties"]["TaskDefinition"], plan["TaskDefinition"])
    server, migration = (stack[each["Ref"]]["Properties"] for each in definitions)
    return server, migration


def test_the_owners_password_is_made_by_rds_and_given_to_the_migration_alone(templates: dict[str, Template]) -> None:
    for _ in migrations(templates):
        server, migration = (each["ContainerDefinitions"][0] for each in tasks_of(templates))
        (instance,) = resources(templates, "AWS::RDS::DBInstance")
        assert instance.properties["ManageMasterUserPassword"] is True
        assert "KmsKeyId" in instance.properties["MasterUserSecret"]
        assert "MasterUserPassword" not in instance.properties
        assert {each["Name"] for each in migration["Secrets"]} == {"PGUSER", "PGPASSWORD"}
        assert "MasterUserSecret" in json.dumps(migration["Secrets"])
        assert "MasterUserSecret" not in json.dumps(server)
        readers = {
            each.policy.logical_id
            for each in statements(templates)
            if "MasterUserSecret" in json.dumps(each.resources) and "secretsmanager:GetSecretValue" in each.actions
        }
        assert [each.startswith("MigrationTaskStart") for each in readers] == [True]


def test_the_server_and_the_migration_sign_in_as_one_user_each_and_the_migrations_role_may_do_nothing_else(
    templates: dict[str, Template],
) -> None:
    for _ in migrations(templates):
        (instance,) = resources(templates, "AWS::RDS::DBInstance")
        users = {"TaskWork": SERVER_USER, "MigrationTaskWork": instance.properties["MasterUsername"]}
        sign_ins = [each for each in statements(templates) if "rds-db:connect" in each.actions]
        named = {each.policy.logical_id.partition("Permissions")[0]: each for each in sign_ins}
        assert len(sign_ins) == len(users)
        for role, user in users.items():
            (of_instance,) = named[role].resources
            assert json.dumps(of_instance).endswith(f'"/{user}"]]}}')
        its_own = [each for each in statements(templates) if each.policy.logical_id.startswith("MigrationTaskWork")]
        assert its_own == [named["MigrationTaskWork"]]


def test_both_tasks_check_the_databases_certificate(templates: dict[str, Template]) -> None:
    for _ in migrations(templates):
        for task in tasks_of(templates):
            given = {each["Name"]: json.dumps(each["Value"]) for each in task["ContainerDefinitions"][0]["Environment"]}
            assert given["MLFLOW_BACKEND_STORE_URI"].endswith('/mlflow?sslmode=verify-full"]]}')
            assert given["MLFLOW_AUTH_DATABASE_URI"] == given["MLFLOW_BACKEND_STORE_URI"]
            assert given["PGSSLROOTCERT"] == '"/opt/atoll/rds-ca-bundle.pem"'


def test_the_service_waits_for_the_migration_of_its_own_image(templates: dict[str, Template]) -> None:
    for migration in migrations(templates):
        stack = templates["Atoll-Tracking"]["Resources"]
        (service,) = [body for body in stack.values() if body["Type"] == "AWS::ECS::Service"]
        plan = stack[migration]["Properties"]["Migration"]
        assert migration in service["DependsOn"]
        server, migrated = (each["ContainerDefinitions"][0] for each in tasks_of(templates))
        assert server["Image"] == migrated["Image"]
        assert (server["Command"], migrated["Command"]) == (["serve"], ["migrate"])
        assert plan["Cluster"] == service["Properties"]["Cluster"]
        network = service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert (plan["Subnets"], [plan["SecurityGroup"]]) == (network["Subnets"], network["SecurityGroups"])


def test_the_migration_waits_for_its_own_rights_and_for_the_tasks(templates: dict[str, Template]) -> None:
    for migration in migrations(templates):
        awaited = everything_before(templates["Atoll-Tracking"], migration)
        for start in ("MigrationMigrateRolePermissions", "MigrationTaskStartPermissions", "Database"):
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
            "rds:AddTagsToResource",  # the instance copies its tags to the snapshot
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
            "MigrationTaskStart",
            "MigrationTaskWork",
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
