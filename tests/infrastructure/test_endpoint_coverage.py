"""Every host that the deployed code calls is an endpoint's in the isolated VPC; no endpoint stands there unused."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.templates import Template, read_templates, resources
from stacks.regions import PROFILES
from stacks.settings import load
from tests.infrastructure.endpoint_hosts import calls, clients_in, host, service_name, uncovered

GOVCLOUD = ("govcloud-west", "govcloud-east")
SDK = {
    "cloudformation": "cloudformation",
    "cloudtrail": "cloudtrail",
    "ec2": "ec2",
    "ecs": "ecs",
    "events": "events",
    "kms": "kms",
    "lambda": "lambda",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "rds": "rds",
    "s3": "s3",
    "sagemaker.api": "sagemaker",
    "sagemaker.runtime": "sagemaker-runtime",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "states": "stepfunctions",
    "sts": "sts",
}


def test_every_call_finds_an_endpoint_that_admits_it(templates: dict[str, Template], environment: str) -> None:
    assert uncovered(templates, load(environment).deployment.region) == []


@pytest.mark.parametrize("name", GOVCLOUD)
def test_in_govcloud_the_code_calls_fips_hosts(assembly: Callable[[str], Path], name: str) -> None:
    region = load(name).deployment.region
    called = {called for _, called, _ in calls(read_templates(assembly(name)), region)}
    assert {f"s3-fips.{region}.amazonaws.com", f"ecs-fips.{region}.amazonaws.com"} <= called
    assert f"ecs.{region}.amazonaws.com" not in called


@pytest.mark.parametrize("name", GOVCLOUD)
def test_without_any_one_endpoint_some_call_is_lost(assembly: Callable[[str], Path], name: str) -> None:
    intact = read_templates(assembly(name))
    region = load(name).deployment.region
    for endpoint in resources(intact, "AWS::EC2::VPCEndpoint"):
        broken = copy.deepcopy(intact)
        del broken[endpoint.stack]["Resources"][endpoint.logical_id]
        assert uncovered(broken, region) != [], f"nothing calls {service_name(endpoint, region)}"


def test_an_endpoint_without_private_dns_or_rule_covers_nothing(assembly: Callable[[str], Path]) -> None:
    for kind, change in (
        ("AWS::EC2::VPCEndpoint", {"PrivateDnsEnabled": False}),
        ("AWS::EC2::SecurityGroupEgress", {"FromPort": 80}),
    ):
        broken = read_templates(assembly("govcloud-west"))
        for resource in resources(broken, kind):
            resource.properties.update(change)
        assert uncovered(broken, "us-gov-west-1") != []


@pytest.mark.parametrize("region", sorted(PROFILES))
def test_the_table_of_fips_hosts_is_botocores(region: str) -> None:
    changed = {name for name, sdk in SDK.items() if host(sdk, region, fips=True) != host(sdk, region, fips=False)}
    assert changed == PROFILES[region].fips_hosts


def test_clients_are_found_in_calls_and_loops(tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text("a = boto3.client('s3')\nb, c = (boto3.client(n) for n in ('kms', 'sns'))\n")
    assert clients_in(file) == {"s3", "kms", "sns"}
    file.write_text("import boto3\nclient = boto3.client(name)\n")
    with pytest.raises(AssertionError, match="no literal says of which service"):
        clients_in(file)
