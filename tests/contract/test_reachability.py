"""Calls from a network on the local AWS: each needs an endpoint with its name, a policy and both groups' rules."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.contract import local_templates as templates
from tests.contract.local_templates import Template, resource
from tests.patience import PATIENCE

Deploy = Callable[..., dict[str, str]]
Way = Callable[[Template], dict[str, str]]
EVERYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
JOB = {
    "AlgorithmSpecification": {
        "TrainingImage": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/no/image@sha256:{'5' * 64}",
        "TrainingInputMode": "File",
    },
    "OutputDataConfig": {"S3OutputPath": "s3://data/jobs"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


def group(name: str) -> dict[str, object]:
    return {"Fn::GetAtt": [name, "GroupId"]}


def endpoint(name: str, **more: object) -> dict[str, object]:
    service, vpc = f"com.amazonaws.us-east-1.{name}", {"Ref": "Vpc"}
    policy = {"Version": "2012-10-17", "Statement": [EVERYTHING]}
    return resource("EC2::VPCEndpoint", VpcId=vpc, ServiceName=service, PolicyDocument=policy, **more)


def rule(direction: str, of: str, **peer: object) -> dict[str, object]:
    port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": "443"}  # CloudFormation takes a number as text, too
    return resource(f"EC2::SecurityGroup{direction}", GroupId=group(of), **port, **peer)


def role(service: str) -> dict[str, object]:
    both = {"Service": f"{service}.amazonaws.com", "AWS": "000000000000"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": both, "Action": "sts:AssumeRole"}]}
    allowed = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policy = {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17"} | allowed}
    return resource("IAM::Role", AssumeRolePolicyDocument={"Version": "2012-10-17"} | trust, Policies=[policy])


def network() -> Template:
    """A function and jobs that reach SSM by its endpoint and S3 by its gateway, and nothing else."""
    vpc = {"Ref": "Vpc"}
    inside = {"SecurityGroupIds": [group("Callers")], "SubnetIds": [{"Ref": "Subnet"}]}
    answers = {"SecurityGroupIds": [group("Answers")], "SubnetIds": [{"Ref": "Subnet"}], "PrivateDnsEnabled": True}
    return {
        "Resources": {
            "Vpc": resource("EC2::VPC", CidrBlock="10.9.0.0/16"),
            "Subnet": resource("EC2::Subnet", VpcId=vpc, CidrBlock="10.9.0.0/24", AvailabilityZone="us-east-1a"),
            "Callers": resource("EC2::SecurityGroup", GroupDescription="who calls", VpcId=vpc),
            "Answers": resource("EC2::SecurityGroup", GroupDescription="the endpoint", VpcId=vpc),
            "Out": rule("Egress", "Callers", DestinationSecurityGroupId=group("Answers")),
            "In": rule("Ingress", "Answers", SourceSecurityGroupId=group("Callers")),
            "ToS3": rule("Egress", "Callers", DestinationPrefixListId="pl-6855ce842fa1ef41f"),
            "Ssm": endpoint("ssm", VpcEndpointType="Interface", **answers),
            "S3": endpoint("s3", VpcEndpointType="Gateway"),
            "Role": role("lambda"),
            "Jobs": role("sagemaker"),
            "Function": resource(
                "Lambda::Function",
                Runtime="python3.12",
                Handler="index.handler",
                Role={"Fn::GetAtt": ["Role", "Arn"]},
                Code={"ZipFile": "def handler(event, context): pass"},
                VpcConfig=inside,
            ),
        },
        "Outputs": {
            "Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
            "Jobs": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}},
            "Group": {"Value": group("Callers")},
            "Subnet": {"Value": {"Ref": "Subnet"}},
        },
    }


@pytest.fixture
def way(deploy: Deploy, destroy: Callable[[str], None]) -> Iterator[Way]:
    """Deploys the network, and takes it away after the test."""
    yield lambda template: deploy("way", template)
    destroy("way")


def error(cloud: LocalCloud, function_role: str, service: str, call: str, **given: object) -> str:
    """Call as the function does; returns the error, nothing when it arrived."""
    answer = cloud.client("sts").assume_role(RoleArn=function_role, RoleSessionName="function")
    try:
        getattr(cloud.client(service, answer["Credentials"]), call)(**given)
    except ClientError as refused:
        return str(refused)
    return ""


def reads(cloud: LocalCloud, function_role: str) -> str:
    return error(cloud, function_role, "ssm", "describe_parameters")


def without(*names: str) -> Template:
    template = network()
    for name in names:
        del template["Resources"][name]
    return template


def test_a_function_reaches_what_its_network_has_an_endpoint_for_and_nothing_else(cloud: LocalCloud, way: Way) -> None:
    out = way(network())
    assert reads(cloud, out["Role"]) == ""
    assert error(cloud, out["Role"], "s3", "list_buckets") == ""
    for service, call in (("kms", "list_keys"), ("sagemaker", "list_models"), ("cloudformation", "list_stacks")):
        assert "no endpoint answers for it" in error(cloud, out["Role"], service, call)
    assert error(cloud, out["Jobs"], "kms", "list_keys") == ""  # nobody says that this role calls from the network


@pytest.mark.parametrize("link", ["Out", "In", "name", "policy"])
def test_each_link_of_a_way_is_needed(cloud: LocalCloud, way: Way, link: str) -> None:
    if link in {"Out", "In"}:
        broken, why = without(link), "no rule"
    else:
        broken = network()
        properties = broken["Resources"]["Ssm"]["Properties"]
        why = "no private name" if link == "name" else "lets nobody"
        if link == "name":
            properties["PrivateDnsEnabled"] = False
        else:
            properties["PolicyDocument"]["Statement"] = [EVERYTHING | {"Action": "kms:*"}]
    assert why in reads(cloud, way(broken)["Role"])
    assert reads(cloud, way(network())["Role"]) == ""


def test_a_job_in_the_network_needs_the_way_to_s3(cloud: LocalCloud, way: Way) -> None:
    cut_off = way(without("ToS3"))
    assert "no rule lets it out" in failure(cloud, cut_off, "cut-off")
    assert "no rule lets it out to the gateway" in error(cloud, cut_off["Role"], "s3", "list_buckets")
    assert "image" in failure(cloud, way(network()), "not-cut-off")  # it fails for its image, after its data


def failure(cloud: LocalCloud, out: dict[str, str], name: str) -> str:
    """Run a job of an image that isn't there; returns why it failed."""
    client, place = cloud.client("sagemaker"), {"Subnets": [out["Subnet"]], "SecurityGroupIds": [out["Group"]]}
    client.create_training_job(TrainingJobName=name, RoleArn=out["Jobs"], VpcConfig=place, **JOB)
    deadline = time.monotonic() + PATIENCE
    while (job := client.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] == "InProgress":
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    return str(job["FailureReason"])


def test_a_task_without_its_platforms_endpoints_never_starts(way: Way, deploy: Deploy) -> None:
    template, out = templates.tracking(8443), way(network())
    wiring: dict[str, Any] = {"SecurityGroups": [out["Group"]], "Subnets": [out["Subnet"]]}
    template["Resources"]["Service"]["Properties"]["NetworkConfiguration"] = {"AwsvpcConfiguration": wiring}
    with pytest.raises(RuntimeError, match=r"ResourceInitializationError: Fargate calls ecr:\*"):
        deploy("cut-off-task", template)
