"""The one place for what jsii's generated types get wrong: classes that do not fit their own interfaces.

A checker compares parameter names, and jsii names them differently in `Key` and `IKey`
(https://github.com/jsii/jsii/issues/2923, https://github.com/aws/aws-cdk/issues/31454).
"""

from typing import Any

import aws_cdk as cdk
from constructs import Construct


def as_interface(implementation: object) -> Any:  # noqa: ANN401 - that is the point of it
    """Give an object for a parameter whose interface it implements though the generated types deny it."""
    return implementation


def resource_of(construct: Construct) -> cdk.CfnResource:
    """Give the CloudFormation resource behind a construct.

    Raises:
        TypeError: the construct has no single resource of its own.
    """
    child = construct.node.default_child
    if not isinstance(child, cdk.CfnResource):
        raise TypeError(f"{construct.node.path} has no resource of its own")
    return child
