"""The preflight against an account of moto's; what moto lacks (quotas, endpoint services) is answered by stubs.

botocore's stubs hold the answers to AWS's own shapes. tests/contract/test_preflight.py asks the local AWS.
"""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto import mock_aws

from compliance import preflight, preflight_checks
from compliance.preflight_checks import Clients, Finding, certificate, database, endpoint_services, landing_zone, quotas
from stacks.database_engine import MAJOR_VERSION
from stacks.endpoint_services import endpoints, private_hosts
from stacks.settings import ENVIRONMENTS, Settings

Client = Any  # boto3 makes its clients at run time
ACCOUNT, REGION = "123456789012", "us-gov-west-1"
DOMAIN = "mlflow.atoll.example.gov"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        yield cache(lambda service: boto3.client(service, region_name=REGION))


def settings(**changed: dict[str, Any]) -> Settings:
    values = tomllib.loads((ENVIRONMENTS / "govcloud-west.toml").read_text(encoding="utf-8"))
    values["deployment"]["account"] = ACCOUNT
    return Settings.model_validate(
        {**values, **{name: {**values[name], **section} for name, section in changed.items()}}
    )


def answer_endpoint_services(client: Client, *zones: str, **changed: dict[str, object]) -> None:
    """Have every endpoint service of the deployment exist; `changed` says what differs, by the endpoint's name."""
    details = []
    for endpoint in endpoints(settings()):
        found = {
            "ServiceName": f"com.amazonaws.{REGION}.{endpoint.name}",
            "VpcEndpointPolicySupported": True,
            "PrivateDnsNames": [{"PrivateDnsName": private_hosts(endpoint.name, REGION, "amazonaws.com")[-1]}],
        }
        difference = changed.get(endpoint.name.replace("-", "_").replace(".", "_"), {})
        if difference is not None:
            details.append({**found, **difference})
    stubs = Stubber(client)
    if zones:
        stubs.add_response("describe_availability_zones", {"AvailabilityZones": [{"ZoneName": each} for each in zones]})
    stubs.add_response("describe_vpc_endpoint_services", {"ServiceDetails": details})
    stubs.activate()


def answer_boundary(client: Client) -> None:
    stubs = Stubber(client)
    arn = f"arn:aws-us-gov:iam::{ACCOUNT}:policy/agency/WorkloadBoundary"
    stubs.add_response("get_policy", {"Policy": {"Arn": arn}}, {"PolicyArn": arn})
    stubs.activate()


def answer_bootstrap(client: Client, *versions: str) -> None:
    stubs = Stubber(client)
    stubs.add_response("get_parameters", {"Parameters": [{"Value": each} for each in versions]}, {"Names": [ANY]})
    stubs.activate()


def answer_database(client: Client, *versions: str, two_zones: bool = True) -> None:
    stubs = Stubber(client)
    capable = {"MultiAZCapable": two_zones, "SupportsStorageEncryption": True}
    options = [{"EngineVersion": each, **capable} for each in versions]
    wanted = {"Engine": "postgres", "DBInstanceClass": "db.m6i.large"}
    stubs.add_response("describe_orderable_db_instance_options", {"OrderableDBInstanceOptions": options}, wanted)
    stubs.activate()


def answer_quotas(client: Client, *, instances: float, interfaces: float = 50) -> None:
    stubs = Stubber(client)
    stubs.add_response("get_service_quota", {"Quota": {"Value": interfaces}}, {"ServiceCode": "vpc", "QuotaCode": ANY})
    quota = {"QuotaName": "ml.m5.large for endpoint usage", "Value": instances}
    stubs.add_response("list_service_quotas", {"Quotas": [quota]}, {"ServiceCode": "sagemaker"})
    stubs.activate()


def issue(client: Client, *, domain: str = DOMAIN, days: int = 90) -> str:
    """Bring a certificate into ACM; give its id."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.PrivateFormat.PKCS8
    arn = client.import_certificate(
        Certificate=made.public_bytes(serialization.Encoding.PEM),
        PrivateKey=key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()),
    )["CertificateArn"]
    return arn.rpartition("/")[2]


def failed(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {each.subject: each for each in findings if not each.ok}


def test_an_empty_account_is_told_everything_that_is_missing(clients: Clients) -> None:
    answer_quotas(clients("service-quotas"), instances=0)
    answer_bootstrap(clients("ssm"))
    answer_database(clients("rds"))
    answer_endpoint_services(clients("ec2"), f"{REGION}a")
    found = {each.subject: each for each in preflight.preflight(settings(), clients)}
    for subject in ("CDK bootstrap", "permissions boundary", "certificate", "database", "image model", "image mlflow"):
        assert not found[subject].ok, subject
        assert found[subject].mend
    assert found["account"].ok
    assert not found["zones"].ok
    assert not found["prefix list"].ok


def test_an_account_that_has_all_of_it_passes(clients: Clients) -> None:
    answer_bootstrap(clients("ssm"), "27")
    answer_boundary(clients("iam"))
    answer_database(clients("rds"), "17.6", f"{MAJOR_VERSION}.1")
    answer_quotas(clients("service-quotas"), instances=8)
    given = settings(
        tracking={"certificate_id": issue(clients("acm"))},
        images={"digests": "pending", "model": None, "serving": None, "mlflow": None},
    )
    findings = [
        each
        for check in preflight_checks.CHECKS
        if check.__name__ not in {"endpoint_services", "prefix_list"}
        for each in check(given, clients)
    ]
    assert [each for each in findings if not each.ok] == []
    assert len(findings) >= 6


@pytest.mark.parametrize(
    ("domain", "days", "ok"),
    [(DOMAIN, 90, True), ("*.atoll.example.gov", 90, True), ("other.example.gov", 90, False), (DOMAIN, 10, False)],
)
def test_a_certificate_must_fit_and_last(clients: Clients, domain: str, days: int, *, ok: bool) -> None:
    given = settings(tracking={"certificate_id": issue(clients("acm"), domain=domain, days=days)})
    [finding] = certificate(given, clients)
    assert finding.ok == ok, finding.found


def test_every_endpoint_service_that_will_do_passes(clients: Clients) -> None:
    answer_endpoint_services(clients("ec2"))
    assert failed(endpoint_services(settings(), clients)) == {}


def test_an_endpoint_service_must_exist_take_a_policy_and_answer_for_the_fips_host(clients: Clients) -> None:
    answer_endpoint_services(
        clients("ec2"),
        kms_fips={"PrivateDnsNames": [{"PrivateDnsName": f"kms.{REGION}.amazonaws.com"}]},
        sns={"VpcEndpointPolicySupported": False},
        ssm={"ServiceName": "com.amazonaws.elsewhere.ssm"},
    )
    found = failed(endpoint_services(settings(), clients))
    assert set(found) == {"endpoint kms-fips", "endpoint sns", "endpoint ssm"}
    assert found["endpoint kms-fips"].found == (
        f"answers for kms.{REGION}.amazonaws.com, not for kms-fips.{REGION}.amazonaws.com"
    )
    assert "no such service" in found["endpoint ssm"].found
    assert '"ssm"' in found["endpoint ssm"].mend


@pytest.mark.parametrize(("versions", "two_zones"), [(["17.6"], True), ([MAJOR_VERSION], False)])
def test_the_database_must_be_offered_in_two_zones(clients: Clients, versions: list[str], *, two_zones: bool) -> None:
    answer_database(clients("rds"), *versions, two_zones=two_zones)
    [finding] = database(settings(), clients)
    assert not finding.ok, finding.found


@pytest.mark.parametrize(("instances", "ok"), [(8, True), (7, False)])
def test_the_quota_must_hold_both_fleets_of_a_release(clients: Clients, instances: float, *, ok: bool) -> None:
    answer_quotas(clients("service-quotas"), instances=instances)
    found = {each.subject: each for each in quotas(settings(), clients)}
    assert found["quota: ml.m5.large for endpoint usage"].ok == ok
    assert found["quota: interface endpoints a VPC"].ok


def test_a_landing_zone_must_hold_its_subnets_in_order(clients: Clients) -> None:
    ec2 = clients("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for number, zone in enumerate("abba")
    ]
    ids = [each["SubnetId"] for each in made]
    groups = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in "abcde"]
    names = ("jobs_group", "functions_group", "balancer_group", "tasks_group", "database_group")
    existing = {
        "vpc_id": vpc,
        "work_subnets": ids[:2],
        "data_subnets": ids[2:],
        **dict(zip(names, groups, strict=True)),
    }
    given = settings(network={"cidr": None, "s3_prefix_list": None, "existing": existing})
    found = list(landing_zone(given, clients))
    assert [each.ok for each in found] == [True, True, False, False] + [True] * 5
    assert "in us-gov-west-1a" in found[2].mend


def test_a_refused_call_is_a_finding_and_not_a_traceback(clients: Clients) -> None:
    answer_bootstrap(clients("ssm"), "5")
    answer_database(clients("rds"))
    answer_endpoint_services(clients("ec2"), f"{REGION}a", f"{REGION}b")
    answer_quotas(clients("service-quotas"), instances=0)
    stubs = Stubber(clients("sts"))
    stubs.add_client_error("get_caller_identity", "AccessDenied", "no\nright")
    stubs.activate()
    [finding] = [each for each in preflight.preflight(settings(), clients) if each.subject == "account"]
    assert not finding.ok
    assert "AccessDenied" in finding.found
    assert "\n" not in finding.found


def test_the_table_says_what_to_do_below_each_failure() -> None:
    said = preflight.table(
        [Finding(subject="a", ok=True, found="there"), Finding(subject="bb", ok=False, found="gone", mend="make it")]
    )
    assert said.splitlines() == [
        "ok    a   there",
        "FAIL  bb  gone",
        "          -> make it",
        "1 of 2 are as the deployment needs them",
    ]
