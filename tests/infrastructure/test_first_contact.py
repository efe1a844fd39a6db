"""What real AWS would have refused or broken in the first weeks, each as a rule over the templates."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance.creation import needs
from compliance.templates import Template, read_templates, resources
from mlflow_server.serve import KEEP_ALIVE_SECONDS
from stacks.settings import Settings, load
from tests.infrastructure.endpoint_hosts import service_name, uncovered
from tests.infrastructure.test_assemblies import settings
from tests.limits.deployments import templates_of
from tests.limits.extremes import EXTREMES

WEST = "us-gov-west-1"
Templates = dict[str, Template]


def changed(**network: object) -> Settings:
    values = copy.deepcopy(settings("govcloud-west"))
    values["network"].update(network)
    return Settings.model_validate(values)


def actions(templates: Templates, role: str) -> dict[str, list[Any]]:
    """Each action that the policies of a role allow, with the resources."""
    found: dict[str, list[Any]] = {}
    for policy in resources(templates, "AWS::IAM::ManagedPolicy"):
        if role in policy.logical_id:
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                named = statement["Action"]
                for action in named if isinstance(named, list) else [named]:
                    found.setdefault(action, []).append(statement["Resource"])
    return found


def test_no_name_is_taken_twice_in_one_account_by_two_regions(assembly: Callable[[str], Path]) -> None:
    west, east = (read_templates(assembly(f"govcloud-{side}")) for side in ("west", "east"))
    for kind, field in (("AWS::IAM::Role", "RoleName"), ("AWS::CloudTrail::Trail", "TrailName")):
        names = [{each.properties[field] for each in resources(side, kind)} for side in (west, east)]
        assert names[0]
        assert names[0].isdisjoint(names[1])
    policies = [each for each in resources(west, "AWS::IAM::ManagedPolicy") if "ManagedPolicyName" in each.properties]
    assert policies == []


def test_a_custom_resource_keeps_its_functions_ways_until_it_is_gone(templates: Templates) -> None:
    for stack, template in templates.items():
        body = template["Resources"]
        waits = needs(body)
        for name in (each for each in body if body[each]["Type"].startswith("Custom::")):
            reached = _all_behind(name, waits)
            for group in (each for each in reached if body[each]["Type"] == "AWS::EC2::SecurityGroup"):
                rules = [
                    rule
                    for rule in body
                    if body[rule]["Type"] in ("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress")
                    and body[rule]["Properties"]["GroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
                    and "Functions" in rule
                    and rule.startswith(("NetworkAws", "NetworkFunctions"))
                ]
                assert set(rules) <= reached, f"{stack}/{name} may lose {sorted(set(rules) - reached)}"


def _all_behind(name: str, waits: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = {name}
    while ahead:
        seen |= ahead
        ahead = {other for each in ahead for other in waits[each]} - seen
    return seen


def test_what_expires_in_a_versioned_bucket_really_ends(templates: Templates) -> None:
    for bucket in resources(templates, "AWS::S3::Bucket"):
        if bucket.properties.get("VersioningConfiguration") == {"Status": "Enabled"}:
            for rule in bucket.properties["LifecycleConfiguration"]["Rules"]:
                assert "ExpirationInDays" not in rule or "NoncurrentVersionExpiration" in rule, bucket.place


def test_a_third_zone_moves_no_subnet_of_the_first_two() -> None:
    two, three = (
        {
            each.logical_id: each.properties["CidrBlock"]
            for each in resources(
                templates_of(changed(availability_zones=[f"{WEST}{zone}" for zone in zones])), "AWS::EC2::Subnet"
            )
        }
        for zones in ("ab", "abc")
    )
    assert len(two) == 4
    assert {name: three[name] for name in two} == two


def test_one_service_without_a_fips_endpoint_is_called_by_its_plain_host_and_no_other() -> None:
    templates = templates_of(changed(plain_hosts=["ecs", "secretsmanager"]))
    assert uncovered(templates, WEST) == []
    names = {service_name(each, WEST) for each in resources(templates, "AWS::EC2::VPCEndpoint")}
    assert {"ecs", "secretsmanager", "kms-fips", "sagemaker.api-fips"} <= names
    assert not {"ecs-fips", "secretsmanager-fips"} & names
    for function in resources(templates, "AWS::Lambda::Function"):
        told = function.properties["Environment"]["Variables"]
        assert told["AWS_USE_FIPS_ENDPOINT"] == "true"
        assert told["AWS_ENDPOINT_URL_ECS"] == f"https://ecs.{WEST}.amazonaws.com"
        assert told["AWS_ENDPOINT_URL_SECRETS_MANAGER"] == f"https://secretsmanager.{WEST}.amazonaws.com"


def with_database(templates: Templates, environment: str) -> Templates:
    """The templates, where there is a database; only where settings say SQLite there is none."""
    if not any(resources(templates, "AWS::RDS::DBInstance")):
        assert load(environment).tracking.database == "sqlite"
        pytest.skip(f"{environment} has no database")
    return templates


def test_the_backup_role_has_what_aws_lists_and_the_two_backups_do_not_meet(
    templates: Templates, environment: str
) -> None:
    templates = with_database(templates, environment)
    held = actions(templates, "DatabaseBackupRole")
    assert {
        "backup:DescribeBackupVault",
        "backup:CopyIntoBackupVault",
        "kms:DescribeKey",
        "tag:GetResources",
        "rds:CreateDBSnapshot",
    } <= set(held)
    [database] = resources(templates, "AWS::RDS::DBInstance")
    assert database.properties["PreferredBackupWindow"] == "07:00-08:00"
    [plan] = resources(templates, "AWS::Backup::BackupPlan")
    rules = plan.properties["BackupPlan"]["BackupPlanRule"]
    assert {each["ScheduleExpression"].split()[1] for each in rules} == {"5"}


def test_a_failed_backup_rings(templates: Templates, environment: str) -> None:
    templates = with_database(templates, environment)
    [vault] = resources(templates, "AWS::Backup::BackupVault")
    alarms = [each.properties for each in resources(templates, "AWS::CloudWatch::Alarm")]
    [failed] = [each for each in alarms if each.get("MetricName") == "NumberOfBackupJobsFailed"]
    assert failed["Dimensions"] == [{"Name": "BackupVaultName", "Value": vault.properties["BackupVaultName"]}]
    [action] = failed["AlarmActions"]
    outputs = [each for template in templates.values() for name, each in template["Outputs"].items()
               if name == "NotificationTopicArn"]  # fmt: skip
    assert len(outputs) == 1  # where people subscribe
    assert action == outputs[0]["Value"] or "Fn::ImportValue" in action
    for topic in resources(templates, "AWS::SNS::TopicPolicy"):
        said = [each for each in topic.properties["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
        assert {"Service": "cloudwatch.amazonaws.com"} in [each["Principal"] for each in said], topic.place


def test_the_migration_may_tag_the_snapshot_that_it_takes(templates: Templates, environment: str) -> None:
    held = actions(with_database(templates, environment), "MigrationMigrateRole")
    assert "atoll-before-migration-*" in json.dumps(held["rds:AddTagsToResource"])


def test_artifacts_may_look_like_anything_and_the_rest_may_not(templates: Templates, environment: str) -> None:
    firewalls = list(resources(templates, "AWS::WAFv2::WebACL"))
    assert len(firewalls) == int(load(environment).deployment.production)
    if not firewalls:
        pytest.skip(f"{environment} is for development, without a firewall")
    [firewall] = firewalls
    rules = {each["Name"]: each for each in firewall.properties["Rules"]}
    common = rules["common"]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    counted = {each["Name"].lower() for each in common if each["ActionToUse"] == {"Count": {}}}
    labels, not_artifacts = rules["common-elsewhere"]["Statement"]["AndStatement"]["Statements"]
    keys = [each["LabelMatchStatement"]["Key"] for each in labels["OrStatement"]["Statements"]]
    blocked = {key.rpartition(":")[2].lower() for key in keys}
    assert counted - blocked == {"sizerestrictions_body"}
    assert blocked <= counted
    paths = json.dumps(not_artifacts)
    assert '"NotStatement"' in paths
    assert "/api/2.0/mlflow-artifacts/" in paths
    assert rules["common-elsewhere"]["Action"] == {"Block": {}}
    assert rules["common-elsewhere"]["Priority"] > rules["common"]["Priority"]


def test_signing_in_may_bring_long_queries_and_cookies_where_people_sign_in_elsewhere() -> None:
    [firewall] = resources(templates_of(Settings.model_validate(EXTREMES["an agency's network"])), "AWS::WAFv2::WebACL")
    common = firewall.properties["Rules"][0]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    assert {"SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER"} <= {each["Name"] for each in common}


def test_the_server_keeps_connections_longer_than_the_balancer(templates: Templates) -> None:
    for balancer in resources(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        given = {each["Key"]: each["Value"] for each in balancer.properties["LoadBalancerAttributes"]}
        assert int(given["idle_timeout.timeout_seconds"]) < KEEP_ALIVE_SECONDS


@pytest.mark.parametrize("name", ["ecs-fips", "kms-fips", "logs", "s3"])
def test_an_endpoint_that_is_called_is_never_off_in_a_new_network(name: str) -> None:
    with pytest.raises(ValueError, match=f'network.endpoints.{name} is "off"'):
        changed(endpoints={name: "off"})
    assert changed(endpoints={"xray": "off"})
