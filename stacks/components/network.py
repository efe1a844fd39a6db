"""The network: a VPC without gateways to elsewhere, and security groups whose rules each name a peer and its ports."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct, IDependable

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.components import arns
from stacks.components.endpoints import Endpoints
from stacks.components.names import AnsweredNames
from stacks.components.roles import RolePolicy
from stacks.components.vpc import WORK, existing_vpc, isolated_vpc, record_flows
from stacks.settings import Settings

CONTAINER_PORT = 5000
DATABASE_PORT = 5433
_PURPOSES = {
    "jobs": "SageMaker jobs and endpoints",
    "functions": "Lambda functions",
    "balancer": "load balancer of the tracking server",
    "tasks": "tasks of the tracking server",
    "database": "database of the tracking server",
}


class Network(Construct):
    """The VPC, its endpoints, and the security groups; in an agency's VPC, its own groups, to which no rule is added.

    `default_group` is the new VPC's default security group, None in an agency's VPC.

    Controls: AC-4, SC-7, SC-7(4), SC-7(5).
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, logs_key: kms.Key) -> None:
        super().__init__(scope, construct_id)
        existing = settings.network.existing
        self.default_group: str | None = None
        if existing:
            self.vpc: ec2.IVpc = existing_vpc(self, settings, existing)
        else:
            self.vpc = vpc = isolated_vpc(self, settings)
            self.default_group = vpc.vpc_default_security_group
        groups = {name: self._group(settings, name) for name in _PURPOSES}
        self.jobs, self.functions, self.balancer, self.tasks, self.database = groups.values()
        self.source_vpcs = list(settings.network.source_vpcs) or [self.vpc.vpc_id]
        aws = Endpoints(self, "Aws", settings=settings, vpc=self.vpc, groups=groups)
        self.ways_of_functions: list[IDependable] = [aws, self.functions]  # endpoints and groups, each with its rules
        if not existing:
            self._connect(settings.tracking.port)
            if settings.network.several_instances:
                self._connect_jobs()
            record_flows(self, self.vpc, settings=settings, key=logs_key)
            AnsweredNames(self, "Names", settings=settings, vpc=self.vpc)

    @property
    def work_subnets(self) -> ec2.SelectedSubnets:
        """The subnets where jobs, functions and tasks run."""
        return self.vpc.select_subnets(subnet_group_name=WORK)

    def _group(self, settings: Settings, name: str) -> ec2.ISecurityGroup:
        construct_id = name.capitalize()
        if existing := settings.network.existing:
            own = getattr(existing, f"{name}_group")
            return ec2.SecurityGroup.from_security_group_id(self, construct_id, own, mutable=False)
        return ec2.SecurityGroup(
            self,
            construct_id,
            vpc=self.vpc,
            description=f"Atoll: {_PURPOSES[name]}",
            allow_all_outbound=False,
        )

    def _connect(self, tracking_port: int) -> None:
        self.functions.connections.allow_to(self.balancer, ec2.Port.tcp(tracking_port), "MLflow")
        self.balancer.connections.allow_to(self.tasks, ec2.Port.tcp(CONTAINER_PORT), "MLflow")
        self.tasks.connections.allow_to(self.database, ec2.Port.tcp(DATABASE_PORT), "PostgreSQL")

    def _connect_jobs(self) -> None:
        # Hosts pick their ports; IPsec: https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html
        for port in (ec2.Port.all_tcp(), ec2.Port.udp(500), ec2.Port.esp()):
            self.jobs.connections.allow_internally(port, "Instances of one job")


def allow_interfaces(policy: RolePolicy, vpc: ec2.IVpc, group: ec2.ISecurityGroup, *others: str) -> None:
    """Let a service attach a role's work to the network: interfaces in the work subnets with this group, no others.

    `others` are further actions on network interfaces.
    """
    subnets = vpc.select_subnets(subnet_group_name=WORK).subnet_ids
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
