"""In the VPC of an agency's landing zone Atoll makes what it is asked for, and changes nothing that stands there."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.pack import RULES
from compliance.report import judge
from compliance.synth import ROOT, synthesize
from compliance.templates import Template, read_templates, resources
from stacks.components.network import CONTAINER_PORT, DATABASE_PORT
from tests.infrastructure.people_cases import EXECUTE, FORWARD, INVOKE, STACK, WAY_BACK
from tests.infrastructure.policies import Request, decision, may_become, policies_of, role_of
from tests.infrastructure.test_trust_policies import BROKER, PEOPLE

ACTS = (("Approver", EXECUTE, STACK), ("Operator", INVOKE, WAY_BACK))

NETWORK = """[network]
availability_zones = ["us-gov-west-1a", "us-gov-west-1b"]

[network.existing]
vpc_id = "vpc-0123456789abcdef0"
work_subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
data_subnets = ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
jobs_group = "sg-0123456789abcdef0"
functions_group = "sg-0123456789abcdef1"
balancer_group = "sg-0123456789abcdef2"
tasks_group = "sg-0123456789abcdef3"
database_group = "sg-0123456789abcdef4"

[network.endpoints]
"kms-fips" = "com.amazonaws.us-gov-west-1.kms-fips"

[tracking.single_sign_on]
issuer = "https://login.agency.example/realms/staff"
authorization_endpoint = "https://login.agency.example/realms/staff/auth"
token_endpoint = "https://login.agency.example/realms/staff/token"
user_info_endpoint = "https://login.agency.example/realms/staff/userinfo"
client_id = "atoll-mlflow"
client_secret_name = "agency/atoll-mlflow"

[etl]
engine = "spark"
image = "sha256:5555555555555555555555555555555555555555555555555555555555555555"

"""


@pytest.fixture(scope="module")
def assembly_in_landing_zone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing-zone")
    shipped = (ROOT / "environments" / "govcloud-west.toml").read_text(encoding="utf-8")
    settings = folder / "landing-zone.toml"
    named = shipped.replace("[identity]\n", "[identity]\nsource_identity = true\n")
    settings.write_text(re.sub(r"\[network\]\n.*?\n\n", NETWORK, named, flags=re.DOTALL), encoding="utf-8")
    synthesize(str(settings), folder / "assembly")
    return folder / "assembly"


@pytest.fixture
def landing_zone(assembly_in_landing_zone: Path) -> dict[str, Template]:
    return read_templates(assembly_in_landing_zone)


def test_no_finding_is_unaccepted(assembly_in_landing_zone: Path) -> None:
    assert judge(assembly_in_landing_zone).objections == ()


def test_every_claim_holds(landing_zone: dict[str, Template]) -> None:
    for claim in RULES:
        assert list(claim(landing_zone)) == [], claim.__name__


def test_nothing_of_the_network_is_made_but_the_endpoint_that_was_asked_for(landing_zone: dict[str, Template]) -> None:
    made = sorted(each.type for each in resources(landing_zone, "AWS::EC2::"))
    assert made == ["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::VPCEndpoint"]
    assert not list(resources(landing_zone, "Custom::VpcRestrictDefaultSG"))
    [endpoint] = resources(landing_zone, "AWS::EC2::VPCEndpoint")
    assert endpoint.properties["ServiceName"] == "com.amazonaws.us-gov-west-1.kms-fips"


def test_no_rule_is_added_to_a_group_of_the_agency(landing_zone: dict[str, Template]) -> None:
    [rule] = resources(landing_zone, "AWS::EC2::SecurityGroupIngress")
    assert "Fn::GetAtt" in rule.properties["GroupId"]
    assert rule.properties["SourceSecurityGroupId"] == "sg-0123456789abcdef1"


def test_everything_runs_in_the_given_subnets_and_groups(landing_zone: dict[str, Template]) -> None:
    functions = [each.properties["VpcConfig"] for each in resources(landing_zone, "AWS::Lambda::Function")]
    work = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    assert functions
    assert all(each == {"SecurityGroupIds": ["sg-0123456789abcdef1"], "SubnetIds": work} for each in functions)
    [group] = resources(landing_zone, "AWS::RDS::DBSubnetGroup")
    assert group.properties["SubnetIds"] == ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"]
    [balancer] = resources(landing_zone, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert (balancer.properties["Subnets"], balancer.properties["SecurityGroups"]) == (work, ["sg-0123456789abcdef2"])
    assert "AWS::EC2::" not in json.dumps(landing_zone["Atoll-Tracking"])


def test_people_sign_in_with_the_agencys_provider_and_machines_keep_their_port(
    landing_zone: dict[str, Template],
) -> None:
    listeners = [each.properties for each in resources(landing_zone, "AWS::ElasticLoadBalancingV2::Listener")]
    machines, people = sorted(listeners, key=lambda each: each["Port"])
    assert (machines["Port"], people["Port"]) == (443, 8443)
    assert [action["Type"] for action in machines["DefaultActions"]] == ["forward"]
    sign_in, forward = sorted(people["DefaultActions"], key=lambda action: action["Order"])
    assert forward["TargetGroupArn"] == machines["DefaultActions"][0]["TargetGroupArn"]
    told = sign_in["AuthenticateOidcConfig"]
    assert told["Issuer"] == "https://login.agency.example/realms/staff"
    assert (told["OnUnauthenticatedRequest"], told["SessionTimeout"]) == ("authenticate", "28800")
    assert told["ClientSecret"] == "{{resolve:secretsmanager:agency/atoll-mlflow:SecretString:client_secret::}}"
    assert machines["SslPolicy"] == people["SslPolicy"]
    assert machines["Certificates"] == people["Certificates"]


def test_mlflow_answers_under_the_port_where_people_sign_in(landing_zone: dict[str, Template]) -> None:
    tasks = resources(landing_zone, "AWS::ECS::TaskDefinition")
    told = [
        {each["Name"]: each["Value"] for each in container.get("Environment", [])}
        for task in tasks
        for container in task.properties["ContainerDefinitions"]
    ]
    [server] = [environment for environment in told if "MLFLOW_ALLOWED_HOSTS" in environment]
    domain = server["MLFLOW_ALLOWED_HOSTS"].split(",")[0]
    assert server["MLFLOW_ALLOWED_HOSTS"] == f"{domain},{domain}:443,{domain}:8443"
    assert server["MLFLOW_CORS_ALLOWED_ORIGINS"] == f"https://{domain},https://{domain}:8443"


def test_the_page_names_the_ways_that_the_agencys_groups_need() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert f"| `balancer_group` | `tasks_group` | {CONTAINER_PORT} |" in page
    assert f"| `tasks_group` | `database_group` | {DATABASE_PORT} |" in page


@pytest.mark.parametrize(("person", "action", "stack"), ACTS)
@pytest.mark.parametrize("came_as", ["alice", "bob", "Alice", None])
def test_whoever_comes_with_another_source_identity_or_with_none_makes_and_releases_nothing(
    landing_zone: dict[str, Template], person: str, action: str, stack: str, came_as: str | None
) -> None:
    """RT-14: a session's name is whoever's who assumes the role last; the source identity is the first one's."""
    keys = FORWARD | ({"aws:SourceIdentity": came_as} if came_as else {})
    asked = Request(action=action, resource=stack, uid="alice", keys=keys)
    assert (decision(policies_of(landing_zone, person), asked) == "Allow") == (came_as == "alice")


def test_the_provider_alone_may_bring_a_source_identity_and_only_where_a_setting_says_so(
    landing_zone: dict[str, Template], assembly: Callable[[str], Path]
) -> None:
    shipped = read_templates(assembly("govcloud-west"))
    for person in PEOPLE:
        trusts = role_of(landing_zone, person)["AssumeRolePolicyDocument"]["Statement"]
        (brings,) = (each for each in trusts if "sts:SetSourceIdentity" in str(each["Action"]))
        (enters,) = (each for each in trusts if "sts:AssumeRole" in str(each["Action"]))
        assert brings["Principal"] == enters["Principal"]
        assert (brings["Effect"], brings["Action"]) == ("Allow", "sts:SetSourceIdentity")
        assert may_become(landing_zone, person, caller=BROKER, tags={"uid": "alice"})
        assert not may_become(landing_zone, person, caller=BROKER, tags={})
        assert "SetSourceIdentity" not in str(role_of(shipped, person))
        assert "aws:SourceIdentity" not in str(policies_of(shipped, person))
