"""An isolated VPC without gateways: AWS is reached through interface endpoints, and each rule names two groups."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from compliance.accepted import LITERAL_ZONES, NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from compliance.findings import TEMPLATE_VALIDATION, accept_finding
from stacks.components import arns
from stacks.components.logs import KeptLogGroup
from stacks.components.roles import RolePolicy, WorkRole, service
from stacks.settings import Settings

CONTAINER_PORT = 5000
DATABASE_PORT = 5433
_HTTPS = 443


class Network(Construct):
    """The VPC, its endpoints, and all security groups with the rules between them.

    Controls: AC-4, SC-7, SC-7(4), SC-7(5).
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, logs_key: kms.Key) -> None:
        super().__init__(scope, construct_id)
        isolated = ec2.SubnetType.PRIVATE_ISOLATED
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(settings.network.cidr),
            availability_zones=list(settings.network.availability_zones),
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Work", subnet_type=isolated),
                ec2.SubnetConfiguration(name="Data", subnet_type=isolated),
            ],
            restrict_default_security_group=False,
        )
        accept_finding(self.vpc, TEMPLATE_VALIDATION, "W3010", because=LITERAL_ZONES)
        self.endpoints = self._group("Endpoints", "interface endpoints of AWS services")
        self.jobs = self._group("Jobs", "SageMaker jobs and endpoints")
        self.functions = self._group("Functions", "Lambda functions")
        self.balancer = self._group("Balancer", "load balancer of the tracking server")
        self.tasks = self._group("Tasks", "tasks of the tracking server")
        self.database = self._group("Database", "database of the tracking server")
        self._connect(settings.tracking.port)
        self.aws = [self._endpoint(name) for name in settings.region.endpoint_services]
        self._record_flows(settings, logs_key)

    @property
    def work_subnets(self) -> ec2.SelectedSubnets:
        """The subnets where jobs, functions and tasks run."""
        return self.vpc.select_subnets(subnet_group_name="Work")

    def _group(self, name: str, purpose: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self,
            name,
            vpc=self.vpc,
            description=f"Atoll: {purpose}",
            allow_all_outbound=False,
        )

    def _connect(self, tracking_port: int) -> None:
        for worker in (self.jobs, self.functions, self.tasks):
            worker.connections.allow_to(self.endpoints, ec2.Port.tcp(_HTTPS), "AWS services")
        self.functions.connections.allow_to(self.balancer, ec2.Port.tcp(tracking_port), "MLflow")
        self.balancer.connections.allow_to(self.tasks, ec2.Port.tcp(CONTAINER_PORT), "MLflow")
        self.tasks.connections.allow_to(self.database, ec2.Port.tcp(DATABASE_PORT), "PostgreSQL")

    def _endpoint(self, name: str) -> ec2.InterfaceVpcEndpoint:
        """Make one interface endpoint; S3's private names must answer in the whole VPC, for there is no gateway."""
        resolvers = ec2.VpcEndpointPrivateDnsOnlyForInboundResolverEndpoint.ALL_RESOLVERS
        return ec2.InterfaceVpcEndpoint(
            self,
            "".join(part.capitalize() for part in name.replace("-", ".").split(".")),
            vpc=self.vpc,
            service=ec2.InterfaceVpcEndpointAwsService(name, port=_HTTPS),
            subnets=ec2.SubnetSelection(subnet_group_name="Work"),
            security_groups=[self.endpoints],
            open=False,
            private_dns_enabled=True,
            private_dns_only_for_inbound_resolver_endpoint=resolvers if name == "s3" else None,
        )

    def _record_flows(self, settings: Settings, key: kms.Key) -> None:
        group = KeptLogGroup(self, "FlowLogs", settings=settings, key=key)
        role = WorkRole(self, "FlowLogRole", identity=settings.identity, principal=service("vpc-flow-logs"))
        role.permissions.allow(
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            on=[group.log_group_arn],
        )
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            deliver_logs_permission_arn=role.role_arn,
            log_destination_type="cloud-watch-logs",
            log_group_name=group.log_group_name,
        ).node.add_dependency(role.permissions)


def allow_interfaces(policy: RolePolicy, vpc: ec2.Vpc, group: ec2.SecurityGroup, *others: str) -> None:
    """Let a service attach a role's work to the network: interfaces in the work subnets with this group, no others.

    `others` are further actions on network interfaces.
    """
    subnets = vpc.select_subnets(subnet_group_name="Work").subnet_ids
    interfaces = [arns.ec2(policy, "network-interface", "*")]
    policy.allow("ec2:CreateNetworkInterface", on=[arns.ec2(policy, "subnet", each) for each in subnets])
    policy.allow("ec2:CreateNetworkInterface", on=[arns.ec2(policy, "security-group", group.security_group_id)])
    policy.allow_pattern(
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        *others,
        on=interfaces,
        because=NAMED_AT_RUN_TIME,
    )
    policy.allow_pattern(
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        on=["*"],
        because=NO_RESOURCE_LEVEL,
    )
