"""Which hosts the deployed code calls, by botocore's own resolution, and which of them the endpoints cover."""

import ast
import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import boto3
import mlflow
from botocore.config import Config

from compliance.synth import ROOT
from compliance.templates import Resource, Template, resources
from stacks.endpoint_services import private_hosts

SUFFIX = "amazonaws.com"
MLFLOW_ARTIFACTS = Path(mlflow.__file__).parent / "store" / "artifact" / "s3_artifact_repo.py"
_MAKERS = {f"{owner}.{kind}" for owner in ("boto3", "session") for kind in ("client", "resource")}
_LOOPS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PLATFORM = ("ecr", "logs", "secretsmanager")  # what Fargate itself calls for a task, whatever the task's environment


@cache
def called_by(path: Path) -> set[str]:
    """The services of which a file of ours makes clients: it stays as it is while the tests run."""
    return clients_in(path)


def clients_in(path: Path) -> set[str]:
    """The services of which a file makes clients; a client whose service can't be read off fails the test."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = call.func
        if call.args and isinstance(called, ast.Attribute) and ast.unparse(called) in _MAKERS:
            found |= set(_services(call, tree, path))
    return found


def _services(call: ast.Call, tree: ast.Module, path: Path) -> Iterator[str]:
    """The literal that a client is made of, or the literals of the loop around it."""
    argument = call.args[0]
    if isinstance(argument, ast.Constant):
        yield str(argument.value)
        return
    around = [node for node in ast.walk(tree) if isinstance(node, _LOOPS) and call in ast.walk(node)]
    loops = [loop for node in around for loop in node.generators if ast.unparse(loop.target) == ast.unparse(argument)]
    assert loops, f"{path}: no literal says of which service `{ast.unparse(argument)}` makes a client"
    for loop in loops:
        assert isinstance(loop.iter, ast.Tuple), f"{path}: {ast.unparse(loop.iter)} is no literal tuple"
        yield from (str(ast.literal_eval(each)) for each in loop.iter.elts)


def code_of(function: Resource) -> list[Path]:
    """The files that a function may run: its room of `lambdas/`, or its folder beside the custom resource."""
    module = function.properties["Handler"].rpartition(".")[0]
    if module.startswith("lambdas."):
        return sorted((ROOT / "lambdas").joinpath(module.split(".")[1]).rglob("*.py"))
    [found] = (ROOT / "stacks" / "components").glob(f"*/{module}.py")
    return [found]


@cache
def host(service: str, region: str, *, fips: bool) -> str:
    """The host that botocore calls for a service."""
    os.environ.pop("AWS_ENDPOINT_URL", None)
    client = boto3.client(
        service,
        region_name=region,
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(use_fips_endpoint=fips),
    )
    return client.meta.endpoint_url.removeprefix("https://")


def calls(templates: Mapping[str, Template], region: str) -> Iterator[tuple[str, str, str]]:
    """Every call out of the network: the group it comes from, the host, and who calls."""
    for function in resources(templates, "AWS::Lambda::Function"):
        fips = _variables(function).get("AWS_USE_FIPS_ENDPOINT") == "true"
        for path in code_of(function):
            for service in called_by(path):
                by_fips = fips and _override(service) not in _variables(function)
                yield "Functions", host(service, region, fips=by_fips), f"{function.place} by {path.name}"
        if function.properties.get("TracingConfig") == {"Mode": "Active"}:
            yield "Functions", host("xray", region, fips=False), f"Lambda for the traces of {function.place}"
    for task in resources(templates, "AWS::ECS::TaskDefinition"):
        [container] = task.properties["ContainerDefinitions"]
        fips = {"Name": "AWS_USE_FIPS_ENDPOINT", "Value": "true"} in container["Environment"]
        for service in called_by(MLFLOW_ARTIFACTS):
            yield "Tasks", host(service, region, fips=fips), task.place
        for service in _PLATFORM:
            yield "Tasks", host(service, region, fips=False), f"Fargate for {task.place}"
        yield "Tasks", f"111122223333.dkr.ecr.{region}.{SUFFIX}", f"Fargate for the image of {task.place}"
        layers = f"prod-{region}-starport-layer-bucket.{host('s3', region, fips=False)}"
        yield "Tasks", layers, f"Fargate for the layers of {task.place}"
    yield "Jobs", host("s3", region, fips=False), "SageMaker for a job"


@cache
def _override(service: str) -> str:
    """The variable by which an SDK is told the address of one service."""
    name = boto3.client(service, region_name="us-east-1").meta.service_model.service_id
    return f"AWS_ENDPOINT_URL_{name.upper().replace(' ', '_')}"


def _variables(function: Resource) -> dict[str, object]:
    return function.properties.get("Environment", {}).get("Variables", {})


def uncovered(templates: Mapping[str, Template], region: str) -> list[str]:
    """The calls that would leave the network without finding an endpoint, or that no rule lets through to it."""
    endpoints = [*resources(templates, "AWS::EC2::VPCEndpoint")]
    return [
        f"{who} calls {name}"
        for group, name, who in calls(templates, region)
        if not any(_covers(one, name, region) and _admits(templates, one, group) for one in endpoints)
    ]


def service_name(endpoint: Resource, region: str) -> str:
    """The last part of an endpoint's service name: `kms-fips` of `com.amazonaws.us-gov-west-1.kms-fips`."""
    name = endpoint.properties["ServiceName"]
    if isinstance(name, dict):
        name = "".join(region if isinstance(part, dict) else part for part in name["Fn::Join"][1])
    return name.removeprefix(f"com.amazonaws.{region}.")


def _covers(endpoint: Resource, name: str, region: str) -> bool:
    is_gateway = endpoint.properties["VpcEndpointType"] == "Gateway"
    if not is_gateway and not endpoint.properties.get("PrivateDnsEnabled"):
        return False
    return any(fnmatch(name, known) for known in private_hosts(service_name(endpoint, region), region, SUFFIX))


def _admits(templates: Mapping[str, Template], endpoint: Resource, group: str) -> bool:
    """Whether a rule lets the group out to the endpoint: to its own security group, or to the gateway's addresses."""
    for rule in resources(templates, "AWS::EC2::SecurityGroupEgress"):
        own = rule.properties
        if own["GroupId"]["Fn::GetAtt"][0].startswith(f"Network{group}") and own["FromPort"] == 443:
            if endpoint.properties["VpcEndpointType"] == "Gateway" and "DestinationPrefixListId" in own:
                return True
            if own.get("DestinationSecurityGroupId") in endpoint.properties.get("SecurityGroupIds", ()):
                return True
    return False
