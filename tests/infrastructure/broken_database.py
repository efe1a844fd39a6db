"""Ways to break the claims about the database and who signs in to it."""

from typing import Any

from compliance import database as keeps
from compliance.templates import Template
from tests.infrastructure.template_parts import CONTAINER, Body, Claim, Mutation, one, statement

TRACKING = "Atoll-Tracking"
SIGN_IN = "rds-db:connect"


def _instance(templates: dict[str, Template]) -> Body:
    return one(templates, TRACKING, "AWS::RDS::DBInstance")


def _told(templates: dict[str, Template], task: str, name: str) -> Body:
    container = one(templates, TRACKING, "AWS::ECS::TaskDefinition", task)[CONTAINER][0]
    return next(each for each in container["Environment"] if each["Name"] == name)


def _sign_in(templates: dict[str, Template], role: str) -> dict[str, Any]:
    return statement(templates, TRACKING, role, "Allow", SIGN_IN)


MUTATIONS: list[tuple[Claim, Mutation]] = [
    *(
        (keeps.databases_take_tokens_over_tls, lambda t, name=name, value=value: _instance(t).update({name: value}))
        for name, value in (
            ("EnableIAMDatabaseAuthentication", False),
            ("ManageMasterUserPassword", False),
            ("MasterUserSecret", {}),
            ("MasterUserPassword", "a-password-of-ours"),
            ("DBParameterGroupName", "default.postgres16"),
        )
    ),
    (
        keeps.databases_take_tokens_over_tls,
        lambda t: one(t, TRACKING, "AWS::RDS::DBParameterGroup")["Parameters"].update({"rds.force_ssl": "0"}),
    ),
    (keeps.databases_stand_in_two_zones, lambda t: _instance(t).update(MultiAZ=False)),
    (keeps.databases_stand_in_two_zones, lambda t: _instance(t).update(BackupRetentionPeriod=7)),
    *(
        (
            keeps.clients_check_the_databases_certificate,
            lambda t, task=task, lax=lax: _told(t, task, "MLFLOW_AUTH_DATABASE_URI").update(Value=lax),
        )
        for task in ("Task", "MigrationTask")
        for lax in ("postgresql+psycopg2://db:5433/mlflow", "postgresql+psycopg2://db:5433/mlflow?sslmode=require")
    ),
    *(
        (
            keeps.clients_check_the_databases_certificate,
            lambda t, task=task: _told(t, task, "PGSSLROOTCERT").update(Name="ANOTHER"),
        )
        for task in ("Task", "MigrationTask")
    ),
    (keeps.each_user_of_the_database_has_one_role, lambda t: _sign_in(t, "TaskWork").update(Resource="*")),
    (
        keeps.each_user_of_the_database_has_one_role,
        lambda t: _sign_in(t, "TaskWork").update(Resource=_sign_in(t, "MigrationTaskWork")["Resource"]),
    ),
    (
        keeps.each_user_of_the_database_has_one_role,
        lambda t: _sign_in(t, "TaskWork").update(Resource=["dbuser:db/mlflow", "dbuser:db/atoll_owner"]),
    ),
]
