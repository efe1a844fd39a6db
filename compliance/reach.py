"""Who in the network reaches which AWS service, on paper: from the templates alone, without a packet.

A call arrives where an endpoint answers for the host that the caller calls (its private name), where the endpoint's
policy lets the caller's action through, and where both security groups have a rule: the caller's group lets out to the
endpoint's, which lets in from the caller's. S3's gateway has a prefix list in place of a group, and its policy.
https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html (names, policies, groups),
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html (the gateway and its prefix list).
What a function calls is what its role may do, but for what AWS does in its place. An agency's own network isn't in the
templates, so nothing is said of it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compliance.templates import Resource, Templates, resources
from stacks.regions import PROFILES

_HTTPS = 443
_ENDPOINT_OF = {"cloudwatch": "monitoring", "sagemaker": "sagemaker.api"}
_RUNTIME = "sagemaker:InvokeEndpoint"
_BY_AWS = re.compile(
    r"iam:PassRole$|sts:|logs:|xray:|ec2:.*(NetworkInterface|PrivateIpAddresses)|ec2:Describe(DhcpOptions|SecurityGroups|Subnets|Vpcs)$|"
    r"kms:(CreateGrant|Decrypt|DescribeKey|Encrypt|GenerateDataKey.*|ReEncrypt.*)$|sqs:SendMessage$"
)
"""Actions of a function's role that AWS carries out in its place: Lambda for its interface, services with a key."""
OF_TASKS = {
    "ecr.api": "ecr:*",
    "ecr.dkr": "ecr:*",
    "logs": "logs:*",
    "secretsmanager": "secretsmanager:GetSecretValue",
    "s3": "s3:GetObject",
}
"""What Fargate calls for a task, beside the task's own S3: endpoint's name -> action."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls: its place in the templates, its security groups, and the endpoints' names with an action for each."""

    place: str
    groups: tuple[str, ...]
    calls: Mapping[str, str]


def every_call_arrives(templates: Templates) -> Iterator[str]:
    """What a function, task or job may call it reaches within the network, MLflow too."""
    region = region_of(templates)
    if region is None:
        return
    for caller in callers(templates, region):
        for name, action in caller.calls.items():
            if reason := why_not(templates, caller.groups, name, action):
                yield f"{caller.place} calls {name} ({action}), and {reason}"
    yield from _lost_hops(templates)


def _lost_hops(templates: Templates) -> Iterator[str]:
    """Name what lies between a function and MLflow's database and isn't connected: balancer, tasks, database."""
    exports = _exports(templates)
    for balancer in resources(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"):
        door = _resolved(balancer.properties["SecurityGroups"], exports)
        listeners = [*resources(templates, "AWS::ElasticLoadBalancingV2::Listener")]
        for caller in resources(templates, "AWS::Lambda::Function"):
            if "ATOLL_TRACKING_SECRET_ARN" in caller.properties.get("Environment", {}).get("Variables", {}):
                own = _resolved(caller.properties["VpcConfig"]["SecurityGroupIds"], exports)
                for port in (each.properties["Port"] for each in listeners):
                    yield from _lost(templates, own, door, port, f"{caller.place} to {balancer.place}")
        for service in resources(templates, "AWS::ECS::Service"):
            tasks = _resolved(
                service.properties["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"], exports
            )
            for target in resources(templates, "AWS::ElasticLoadBalancingV2::TargetGroup"):
                yield from _lost(
                    templates, door, tasks, target.properties["Port"], f"{balancer.place} to {service.place}"
                )
            for database in resources(templates, "AWS::RDS::DBInstance"):
                behind = _resolved(database.properties["VPCSecurityGroups"], exports)
                port = int(database.properties["Port"])
                yield from _lost(templates, tasks, behind, port, f"{service.place} to {database.place}")


def _lost(
    templates: Templates, callers: tuple[str, ...], called: tuple[str, ...], port: int, what: str
) -> Iterator[str]:
    out, into = set(_rules(templates, "Egress", port)), set(_rules(templates, "Ingress", port))
    if not any((one, other) in out and (other, one) in into for one in callers for other in called):
        yield f"no rule leads from {what} by port {port}"


def region_of(templates: Templates) -> str | None:
    """Tell the region by the zones of the network's subnets; None where the network isn't the templates' own."""
    zones = (subnet.properties.get("AvailabilityZone") for subnet in resources(templates, "AWS::EC2::Subnet"))
    return next((zone.rstrip("abcdef") for zone in zones if isinstance(zone, str)), None)


def why_not(templates: Templates, groups: tuple[str, ...], name: str, action: str) -> str:
    """Say why a call of the endpoint `name` doesn't arrive; nothing when it does."""
    endpoint = next((each for each in resources(templates, "AWS::EC2::VPCEndpoint") if _name(each) == name), None)
    if endpoint is None:
        return "no endpoint answers for it"
    gateway = endpoint.properties["VpcEndpointType"] == "Gateway"
    if not gateway and endpoint.properties.get("PrivateDnsEnabled") is not True:
        return f"{endpoint.place} has no private name"
    if not _policy_lets(endpoint, action):
        return f"the policy of {endpoint.place} lets nobody {action}"
    peers = [key(each) for each in endpoint.properties.get("SecurityGroupIds", ())]
    out = set(_rules(templates, "Egress"))
    if gateway:
        return "" if any((group, "prefix list") in out for group in groups) else "no rule lets it out to the gateway"
    if not any((group, peer) in out for group in groups for peer in peers):
        return f"no rule lets it out to {endpoint.place}"
    into = set(_rules(templates, "Ingress"))
    lets_in = any((peer, group) in into for group in groups for peer in peers)
    return "" if lets_in else f"no rule of {endpoint.place} lets it in"


def callers(templates: Templates, region: str) -> Iterator[Caller]:
    """Give the functions of the network, the tasks and the jobs, with what they call."""
    exports = _exports(templates)
    for function in resources(templates, "AWS::Lambda::Function"):
        groups = function.properties.get("VpcConfig", {}).get("SecurityGroupIds", ())
        variables = function.properties.get("Environment", {}).get("Variables", {})
        actions = [each for each in _actions(templates[function.stack], function) if not _BY_AWS.match(each)]
        calls = {called(action, variables, region): action for action in actions}
        traced = {"xray": "xray:PutTraceSegments"} if "TracingConfig" in function.properties else {}
        yield Caller(place=function.place, groups=_resolved(groups, exports), calls=calls | traced)
    for service in resources(templates, "AWS::ECS::Service"):
        wiring = service.properties["NetworkConfiguration"]["AwsvpcConfiguration"]
        yield Caller(place=service.place, groups=_resolved(wiring["SecurityGroups"], exports), calls=OF_TASKS)
    for model in resources(templates, "AWS::SageMaker::Model"):
        groups = _resolved(model.properties["VpcConfig"]["SecurityGroupIds"], exports)
        yield Caller(place=model.place, groups=groups, calls={"s3": "s3:GetObject"})


def called(action: str, variables: Mapping[str, Any], region: str) -> str:
    """Name the endpoint for an action's host: the FIPS one where the SDK is told so and the region has one."""
    fips_hosts = PROFILES[region].fips_hosts
    service = action.partition(":")[0]
    name = "sagemaker.runtime" if action == _RUNTIME else _ENDPOINT_OF.get(service, service)
    plain = any(each.startswith("AWS_ENDPOINT_URL_") and f"//{_host(name)}." in str(variables[each])
                for each in variables)  # fmt: skip
    by_fips = variables.get("AWS_USE_FIPS_ENDPOINT") == "true" and not plain
    return f"{name}-fips" if by_fips and name in fips_hosts - {"s3"} else name


def _host(name: str) -> str:
    head, _, tail = name.partition(".")
    return f"{tail}.{head}" if tail else head


def _actions(template: Mapping[str, Any], function: Resource) -> Iterator[str]:
    """Give the actions that the policies of a function's role allow."""
    role = template["Resources"][function.properties["Role"]["Fn::GetAtt"][0]]["Properties"]
    for policy in role.get("ManagedPolicyArns", ()):
        body = template["Resources"].get(policy.get("Ref", "") if isinstance(policy, Mapping) else "", {})
        for statement in body.get("Properties", {}).get("PolicyDocument", {}).get("Statement", ()):
            if statement["Effect"] == "Allow":
                given = statement["Action"]
                yield from [given] if isinstance(given, str) else given


def _policy_lets(endpoint: Resource, action: str) -> bool:
    """Say whether an endpoint's policy lets our own principals do this to something of ours."""
    for statement in endpoint.properties.get("PolicyDocument", {}).get("Statement", ()):
        given = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        service = action.partition(":")[0]
        if statement["Effect"] == "Allow" and statement["Resource"] == "*" and {"*", f"{service}:*", action} & {*given}:
            return True
    return False


def _name(endpoint: Resource) -> str:
    """Give the last part of an endpoint's service name: `kms-fips`."""
    name = endpoint.properties["ServiceName"]
    text = (
        name if isinstance(name, str) else "".join(p if isinstance(p, str) else "region" for p in name["Fn::Join"][1])
    )
    return text.split(".", 3)[-1]


def _rules(templates: Templates, direction: str, port: int = _HTTPS) -> Iterator[tuple[str, str]]:
    """Give the pairs of group and peer between which a port may pass, from free-standing and inline rules."""
    member = "DestinationSecurityGroupId" if direction == "Egress" else "SourceSecurityGroupId"
    inline = f"SecurityGroup{direction}"
    for rule in resources(templates, f"AWS::EC2::SecurityGroup{direction}"):
        yield from _pair(key(rule.properties["GroupId"]), rule.properties, member, port)
    for group in resources(templates, "AWS::EC2::SecurityGroup"):
        for rule in group.properties.get(inline, ()):
            yield from _pair(key({"Fn::GetAtt": [group.logical_id, "GroupId"]}), rule, member, port)


def _pair(group: str, rule: Mapping[str, Any], member: str, port: int) -> Iterator[tuple[str, str]]:
    covers = rule.get("IpProtocol") == "tcp" and int(rule.get("FromPort", 0)) <= port <= int(rule.get("ToPort", 0))
    if covers and "DestinationPrefixListId" in rule:
        yield group, "prefix list"
    elif covers and member in rule:
        yield group, key(rule[member])


def _exports(templates: Templates) -> dict[str, Any]:
    outputs = [each for template in templates.values() for each in template.get("Outputs", {}).values()]
    return {json.dumps(each["Export"]["Name"]): each["Value"] for each in outputs if "Export" in each}


def _resolved(groups: Any, exports: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ANN401 - any template value
    """Follow imports to the stack that exports the group."""
    return tuple(key(exports.get(json.dumps(each.get("Fn::ImportValue")), each)) for each in groups)


def key(value: object) -> str:
    """Give a template value as text, so that two can be compared."""
    return json.dumps(value, sort_keys=True)


CLAIMS = (every_call_arrives,)
