"""Claims about MLflow's database and who signs in to it (see `compliance.predicates`)."""

import json
from collections.abc import Iterator

from compliance.templates import Templates, resources, statements

_SIGN_IN = "rds-db:connect"
_MONTH = 30  # days


def databases_take_tokens_over_tls(templates: Templates) -> Iterator[str]:
    """PostgreSQL refuses plain text, takes IAM's tokens; RDS keeps the owner's password."""
    for instance in resources(templates, "AWS::RDS::DBInstance"):
        given = instance.properties
        if not given.get("EnableIAMDatabaseAuthentication"):
            yield f"{instance.place} takes no tokens"
        kept = given.get("ManageMasterUserPassword") and given.get("MasterUserSecret", {}).get("KmsKeyId")
        if not kept or "MasterUserPassword" in given:
            yield f"{instance.place} has a password that RDS doesn't keep under our key"
        groups = resources(templates, "AWS::RDS::DBParameterGroup")
        forced = [each.logical_id for each in groups if each.properties["Parameters"].get("rds.force_ssl") == "1"]
        if given.get("DBParameterGroupName") not in [{"Ref": each} for each in forced]:
            yield f"{instance.place} takes connections in plain text"


def databases_stand_in_two_zones(templates: Templates) -> Iterator[str]:
    """Databases have a standby in another zone, and backups for a month."""
    for instance in resources(templates, "AWS::RDS::DBInstance"):
        if not instance.properties.get("MultiAZ") or int(instance.properties.get("BackupRetentionPeriod", 0)) < _MONTH:
            yield f"{instance.place} has no standby, or is backed up for less than {_MONTH} days"


def clients_check_the_databases_certificate(templates: Templates) -> Iterator[str]:
    """Whoever is told PostgreSQL's address checks its certificate and name."""
    for task in resources(templates, "AWS::ECS::TaskDefinition"):
        for container in task.properties["ContainerDefinitions"]:
            told = {each["Name"]: json.dumps(each["Value"]) for each in container.get("Environment", ())}
            for name, address in told.items():
                if "postgresql" in address and not address.rstrip('"]}').endswith("?sslmode=verify-full"):
                    yield f"{task.place} takes any certificate ({name})"
            if "postgresql" in str(told) and "PGSSLROOTCERT" not in told:
                yield f"{task.place} knows no authorities"


def each_user_of_the_database_has_one_role(templates: Templates) -> Iterator[str]:
    """A role signs in to the database as one user, and no other role as the same."""
    users: dict[str, str] = {}
    for each in statements(templates):
        if each.effect != "Allow" or not any(action in (_SIGN_IN, "rds-db:*", "*") for action in each.actions):
            continue
        for resource in each.resources:
            user = json.dumps(resource).rstrip('"]}').rpartition("/")[2]
            if "*" in json.dumps(resource) or len(each.resources) > 1:
                yield f"{each.policy.place} signs in as more than one user"
            if user in users:
                yield f"{each.policy.place} signs in as {user}, as {users[user]} does"
            users[user] = each.policy.place


CLAIMS = (
    databases_take_tokens_over_tls,
    databases_stand_in_two_zones,
    clients_check_the_databases_certificate,
    each_user_of_the_database_has_one_role,
)
