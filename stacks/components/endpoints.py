"""VPC endpoints: each for the account's own principals and resources only, each behind a security group of its own."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.jsii_types import as_interface
from stacks.components.vpc import WORK
from stacks.endpoint_services import S3, Endpoint, endpoints
from stacks.settings import Settings

_HTTPS = 443


class Endpoints(Construct):
    """The endpoints that the deployment's own calls need (stacks/endpoint_services.py).

    Controls: AC-4, SC-7, SC-7(4), SC-7(5).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        vpc: ec2.IVpc,
        groups: Mapping[str, ec2.ISecurityGroup],
    ) -> None:
        super().__init__(scope, construct_id)
        self._vpc = vpc
        self._account = settings.deployment.account
        self._region = settings.deployment.region
        for endpoint in endpoints(settings):
            callers = [groups[name] for name in sorted(endpoint.callers)]
            if endpoint.name == S3:
                self._gateway()
            else:
                self._interface(endpoint, callers)
        if prefixes := settings.network.s3_prefix_list:
            self._let_to_s3(settings, prefixes, groups)

    def _interface(self, endpoint: Endpoint, callers: list[ec2.ISecurityGroup]) -> None:
        name = "".join(part.capitalize() for part in endpoint.name.replace("-", ".").split("."))
        group = ec2.SecurityGroup(
            self,
            f"{name}Group",
            vpc=self._vpc,
            description=f"Atoll: endpoint of {endpoint.name}",
            allow_all_outbound=False,
        )
        for caller in callers:
            caller.connections.allow_to(group, ec2.Port.tcp(_HTTPS), f"calls of {endpoint.name}")
        service = (
            ec2.InterfaceVpcEndpointService(endpoint.service, _HTTPS)
            if endpoint.service
            else ec2.InterfaceVpcEndpointAwsService(endpoint.name, port=_HTTPS)
        )
        made = ec2.InterfaceVpcEndpoint(
            self,
            name,
            vpc=self._vpc,
            service=service,
            subnets=ec2.SubnetSelection(subnet_group_name=WORK),
            security_groups=[group],
            open=False,
            private_dns_enabled=True,
        )
        made.add_to_policy(self._own_statement())

    def _gateway(self) -> None:
        """Make S3's gateway: our own buckets, and two of AWS's, whose requests AWS has signed beforehand.

        ECR serves layers from its bucket, and functions answer CloudFormation's custom resources through its bucket
        (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html,
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html).
        """
        gateway = ec2.GatewayVpcEndpoint(
            self,
            "S3",
            vpc=self._vpc,
            service=ec2.GatewayVpcEndpointAwsService.S3,
            subnets=[ec2.SubnetSelection(subnet_group_name=WORK)],
        )
        layers = f"prod-{self._region}-starport-layer-bucket"
        answers = f"cloudformation-custom-resource-response-{self._region.replace('-', '')}"
        gateway.add_to_policy(self._own_statement())
        gateway.add_to_policy(self._objects("s3:GetObject", layers))
        gateway.add_to_policy(self._objects("s3:PutObject", answers))

    def _own_statement(self) -> iam.PolicyStatement:
        here = {"aws:PrincipalAccount": self._account, "aws:ResourceAccount": self._account}
        return iam.PolicyStatement(
            principals=[as_interface(iam.AnyPrincipal())],
            actions=["*"],
            resources=["*"],
            conditions={"StringEquals": here},
        )

    def _objects(self, action: str, bucket: str) -> iam.PolicyStatement:
        objects = cdk.Stack.of(self).format_arn(service="s3", region="", account="", resource=bucket, resource_name="*")
        return iam.PolicyStatement(principals=[as_interface(iam.AnyPrincipal())], actions=[action], resources=[objects])

    def _let_to_s3(self, settings: Settings, prefixes: str, groups: Mapping[str, ec2.ISecurityGroup]) -> None:
        """Let those who use S3 out to its addresses in this region, which the route tables lead to the gateway."""
        for endpoint in endpoints(settings):
            if endpoint.name == S3:
                for caller in sorted(endpoint.callers):
                    peer = ec2.Peer.prefix_list(prefixes)
                    groups[caller].connections.allow_to(peer, ec2.Port.tcp(_HTTPS), "S3 by its gateway")
