"""The VPC's default security group, closed by a custom resource of our own: its role is bounded and reads nothing."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from compliance.accepted import REPEATED_REFERENCE
from compliance.findings import accept_finding
from stacks.components import arns
from stacks.components.functions import EventFunction, Workplace
from stacks.components.jsii_types import as_interface
from stacks.components.network import Network


def close_default_group(scope: Construct, *, network: Network, group: str, place: Workplace) -> None:
    """Take all rules out of the default security group of a new VPC.

    The custom resource stands where CDK's own would and bears its type, since the rule packs look for it there.

    Controls: SC-7, AC-4.
    """
    function = EventFunction(
        scope,
        "CloseDefaultGroup",
        place=place,
        code=lambda_.Code.from_asset(str(Path(__file__).parent), exclude=["__init__.py", "__pycache__"]),
        handler="close.handler",
    )
    function.permissions.allow(
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        on=[arns.ec2(scope, "security-group", group)],
    )
    closed = cdk.CustomResource(
        as_interface(network.vpc),
        "RestrictDefaultSecurityGroupCustomResource",
        resource_type="Custom::VpcRestrictDefaultSG",
        service_token=function.function_arn,
        properties={"Group": {"group": group, "account": cdk.Stack.of(scope).account}},
    )
    # On deletion as well: without its rules the function reaches nobody, and CloudFormation waits an hour for it.
    closed.node.add_dependency(function, *network.ways_of_functions)
    accept_finding(closed, "cfn-lint", "W3005", because=REPEATED_REFERENCE)
