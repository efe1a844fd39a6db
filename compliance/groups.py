"""Claims about security groups: who may reach whom, and by which port (see `compliance.predicates`)."""

from collections.abc import Iterator
from typing import Any

from compliance.templates import Resource, Templates, resources

_RULES = ("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
_GROUPS = ("SourceSecurityGroupId", "DestinationSecurityGroupId")
_BETWEEN_INSTANCES = (("tcp", 0, 65535), ("udp", 500, 500), ("50", 50, 50))
_NOWHERE = "255.255.255.255/32"


def no_rule_is_open(templates: Templates) -> Iterator[str]:
    """Each rule of a security group names a group and one port, but among jobs; no addresses, and no group lacks rules.

    The one peer that is no group is the list of S3's addresses, to which a gateway leads, outwards and by TLS
    (https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html#gateway-endpoint-considerations-s3).
    A group without a rule for what leaves has AWS's, which lets everything out
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html).
    """
    # Instances of one job pick their ports: their group may be open to itself, by TCP and the IPsec that encrypts it.
    foundation = templates.get("Atoll-Foundation", {})
    jobs = foundation.get("Outputs", {}).get("JobSecurityGroupId", {}).get("Value")
    bound = [str(rule.properties.get("GroupId")) for rule in resources(templates, "AWS::EC2::SecurityGroupEgress")]
    for resource in resources(templates, *_RULES):
        own, whole = resource.properties, resource.type == "AWS::EC2::SecurityGroup"
        if (
            whole
            and not own.get("SecurityGroupEgress")
            and not any(f"'{resource.logical_id}'" in each for each in bound)
        ):
            yield f"{resource.place} has no rule for what leaves, so AWS lets everything out"
        inner = [*own.get("SecurityGroupIngress", ()), *own.get("SecurityGroupEgress", ())]
        for rule in inner if whole else [own]:
            if rule.get("CidrIp") != _NOWHERE:  # CDK's way to say that nothing may leave
                yield from _objections(resource, rule, jobs)


def _objections(resource: Resource, rule: dict[str, Any], jobs: object) -> Iterator[str]:
    if "CidrIp" in rule or "CidrIpv6" in rule:
        yield f"{resource.place} has a rule for addresses"
    ports = (rule.get("IpProtocol"), rule.get("FromPort"), rule.get("ToPort"))
    among_jobs = jobs and rule.get("GroupId") == jobs and jobs in [rule.get(peer) for peer in _GROUPS]
    one_port = ports[0] == "tcp" and ports[1] is not None and ports[1] == ports[2]
    if not one_port and not (among_jobs and ports in _BETWEEN_INSTANCES):
        yield f"{resource.place} has a rule for more than one port"
    to_s3 = resource.type.endswith("Egress") and "DestinationPrefixListId" in rule and ports == ("tcp", 443, 443)
    if not to_s3 and not any(rule.get(peer) for peer in _GROUPS):
        yield f"{resource.place} has a rule that names no group"


CLAIMS = (no_rule_is_open,)
