"""The VPC: a new one without any gateway to elsewhere, or one of the agency's by its ids."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from compliance.accepted import LITERAL_ZONES
from compliance.findings import TEMPLATE_VALIDATION, accept_finding
from stacks.components.logs import KeptLogGroup
from stacks.components.roles import WorkRole, service
from stacks.settings import Settings
from stacks.settings_network import ExistingNetwork

WORK, DATA = "Work", "Data"
_MOST_ZONES = 3


def isolated_vpc(scope: Construct, settings: Settings) -> ec2.Vpc:
    """Make a VPC with two tiers of subnets, without internet gateway, NAT or public address.

    Controls: SC-7.
    """
    if not settings.network.cidr:
        raise ValueError("network.cidr is missing; a new VPC needs its range")
    vpc = ec2.Vpc(
        scope,
        "Vpc",
        ip_addresses=ec2.IpAddresses.cidr(settings.network.cidr),
        availability_zones=list(settings.network.availability_zones),
        reserved_azs=_MOST_ZONES - len(settings.network.availability_zones),  # a third zone later moves no subnet
        nat_gateways=0,
        subnet_configuration=[
            ec2.SubnetConfiguration(name=name, subnet_type=ec2.SubnetType.PRIVATE_ISOLATED) for name in (WORK, DATA)
        ],
        restrict_default_security_group=False,
    )
    accept_finding(vpc, TEMPLATE_VALIDATION, "W3010", because=LITERAL_ZONES)
    return vpc


def existing_vpc(scope: Construct, settings: Settings, existing: ExistingNetwork) -> ec2.IVpc:
    """Refer to the agency's VPC; nothing of it is made or changed."""
    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=existing.vpc_id,
        availability_zones=list(settings.network.availability_zones),
        isolated_subnet_ids=[*existing.work_subnets, *existing.data_subnets],
        isolated_subnet_names=[WORK, DATA],
    )


def record_flows(scope: Construct, vpc: ec2.IVpc, *, settings: Settings, key: kms.Key) -> None:
    """Log what every interface of the VPC accepts and rejects, under our key.

    Controls: AU-2, AU-12, SI-4.
    """
    group = KeptLogGroup(scope, "FlowLogs", settings=settings, key=key)
    role = WorkRole(scope, "FlowLogRole", identity=settings.identity, principal=service("vpc-flow-logs"))
    role.permissions.allow(
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        on=[group.log_group_arn],
    )
    ec2.CfnFlowLog(
        scope,
        "FlowLog",
        resource_id=vpc.vpc_id,
        resource_type="VPC",
        traffic_type="ALL",
        deliver_logs_permission_arn=role.role_arn,
        log_destination_type="cloud-watch-logs",
        log_group_name=group.log_group_name,
    ).node.add_dependency(role.permissions)
