"""Flow logs and free-standing security group rules; the CIDR attributes of a VPC."""

import json
from collections.abc import Callable
from typing import Any

from local import private
from local.cloudformation.resource_type import Made, Props, ResourceType, aws

_RULE = frozenset({"GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "Description"})


def give_vpcs_their_cidr() -> None:
    """Add `CidrBlock`, `CidrBlockAssociations` and `Ipv6CidrBlocks` to what `Fn::GetAtt` gives of a VPC."""
    vpc = private.find("ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS")["AWS::EC2::VPC"]

    def with_cidr(original: Callable[..., Made], props_at: int) -> Callable[..., Made]:
        def handler(*arguments: Any) -> Made:  # noqa: ANN401 - the emulator's signature
            physical_id, attributes = original(*arguments)
            cidr = arguments[props_at].get("CidrBlock")
            own = {"CidrBlock": cidr, "CidrBlockAssociations": [f"{physical_id}-cidr"], "Ipv6CidrBlocks": []}
            return physical_id, {**attributes, **own}

        return handler

    vpc["create"], vpc["update"] = with_cidr(vpc["create"], 1), with_cidr(vpc["update"], 2)


def _create_flow_log(props: Props, _name: str) -> Made:
    request = {key: value for key, value in props.items() if key not in {"ResourceId", "Tags"}}
    request["ResourceIds"] = [props["ResourceId"]]
    if "MaxAggregationInterval" in request:
        request["MaxAggregationInterval"] = int(request["MaxAggregationInterval"])
    answer = aws("ec2").create_flow_logs(**request)
    if answer.get("Unsuccessful"):
        raise ValueError(f"EC2 refused the flow log of {props['ResourceId']}: {answer['Unsuccessful']}")
    flow_log = answer["FlowLogIds"][0]
    return flow_log, {"Id": flow_log}


def _delete_flow_log(physical_id: str, _props: Props) -> None:
    aws("ec2").delete_flow_logs(FlowLogIds=[physical_id])


def _permission(props: Props) -> dict[str, Any]:
    description = {"Description": props["Description"]} if "Description" in props else {}
    permission: dict[str, Any] = {"IpProtocol": str(props["IpProtocol"])}
    permission |= {port: int(props[port]) for port in ("FromPort", "ToPort") if port in props}
    if "CidrIp" in props:
        permission["IpRanges"] = [{"CidrIp": props["CidrIp"], **description}]
    if "CidrIpv6" in props:
        permission["Ipv6Ranges"] = [{"CidrIpv6": props["CidrIpv6"], **description}]
    prefix_list = props.get("SourcePrefixListId") or props.get("DestinationPrefixListId")
    if prefix_list:
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **description}]
    group = props.get("SourceSecurityGroupId") or props.get("DestinationSecurityGroupId")
    if group:
        permission["UserIdGroupPairs"] = [{"GroupId": group, **description}]
    return permission


def _create_rule(direction: str) -> Callable[[Props, str], Made]:
    def create(props: Props, name: str) -> Made:
        authorize = getattr(aws("ec2"), f"authorize_security_group_{direction}")
        answer = authorize(GroupId=props["GroupId"], IpPermissions=[_permission(props)])
        rules = answer.get("SecurityGroupRules") or [{}]
        rule = rules[0].get("SecurityGroupRuleId", name)
        return rule, {"Id": rule}

    return create


def _delete_rule(direction: str) -> Callable[[str, Props], None]:
    def delete(_physical_id: str, props: Props) -> None:
        client = aws("ec2")
        revoke = getattr(client, f"revoke_security_group_{direction}")
        try:
            revoke(GroupId=props["GroupId"], IpPermissions=[_permission(props)])
        except client.exceptions.ClientError as error:
            if not error.response["Error"]["Code"].endswith(".NotFound"):
                raise ValueError(f"Rule {json.dumps(dict(props))} can't be revoked: {error}") from error

    return delete


TYPES = (
    ResourceType(
        name="AWS::EC2::FlowLog",
        properties=frozenset(
            {
                "DeliverLogsPermissionArn",
                "LogDestination",
                "LogDestinationType",
                "LogFormat",
                "LogGroupName",
                "MaxAggregationInterval",
                "ResourceId",
                "ResourceType",
                "Tags",
                "TrafficType",
            }
        ),
        create=_create_flow_log,
        delete=_delete_flow_log,
    ),
    ResourceType(
        name="AWS::EC2::SecurityGroupIngress",
        properties=_RULE | {"SourceSecurityGroupId", "SourcePrefixListId"},
        create=_create_rule("ingress"),
        delete=_delete_rule("ingress"),
    ),
    ResourceType(
        name="AWS::EC2::SecurityGroupEgress",
        properties=_RULE | {"DestinationSecurityGroupId", "DestinationPrefixListId"},
        create=_create_rule("egress"),
        delete=_delete_rule("egress"),
    ),
)
