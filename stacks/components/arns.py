"""ARNs of what gets its name at run time or by derivation, in the stack's own partition, account and region."""

import aws_cdk as cdk
from constructs import Construct

ENDPOINT_STACKS = "Atoll-Endpoint-*"
WAY_BACK_ASKED = "WayBackAsked"
"""The id of the function that operators ask to go back or to stop, in the release stack."""
RECONCILE = "Reconcile"
"""The id of the function that people ask to write MLflow anew, to adopt what serves, and for a moved model."""
SERVED_MODEL = "AtollModel"
"""The id of the model in an endpoint's stack: CloudFormation's name for it contains this, whatever stands around it."""


def sagemaker(scope: Construct, kind: str, name: str = "*") -> str:
    """Give the ARN of a SageMaker resource, such as `training-job`."""
    return cdk.Stack.of(scope).format_arn(service="sagemaker", resource=kind, resource_name=name)


def stacks(scope: Construct, pattern: str = ENDPOINT_STACKS) -> str:
    """Give the ARN pattern of CloudFormation stacks by name."""
    return cdk.Stack.of(scope).format_arn(service="cloudformation", resource="stack", resource_name=f"{pattern}/*")


def release_function(scope: Construct, function: str) -> str:
    """Give the ARN pattern of a function of the release stack by its id there: its name begins with both."""
    name = f"Atoll-Release-{function}*"
    return cdk.Stack.of(scope).format_arn(
        service="lambda", resource="function", resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )


def ec2(scope: Construct, kind: str, name: str) -> str:
    """Give the ARN of a part of the network, such as `subnet`."""
    return cdk.Stack.of(scope).format_arn(service="ec2", resource=kind, resource_name=name)


def parameter(scope: Construct, name: str) -> str:
    """Give the ARN of an SSM parameter, such as `/atoll/tracking/url`."""
    return cdk.Stack.of(scope).format_arn(service="ssm", resource="parameter", resource_name=name.removeprefix("/"))


def log_groups(scope: Construct, pattern: str) -> str:
    """Give the ARN pattern of log groups and their streams."""
    return cdk.Stack.of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{pattern}:*",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def alarms(scope: Construct, pattern: str) -> str:
    """Give the ARN pattern of CloudWatch alarms by name."""
    return cdk.Stack.of(scope).format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name=pattern,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def scalable_targets(scope: Construct) -> str:
    """Give the ARN pattern of scalable targets: they get their ids when they are registered."""
    return cdk.Stack.of(scope).format_arn(
        service="application-autoscaling", resource="scalable-target", resource_name="*"
    )


def service_linked_role(scope: Construct, service: str, name: str) -> str:
    """Give the ARN of the one role that a service (`sagemaker.application-autoscaling`) may have made for itself."""
    path = f"aws-service-role/{service}.{cdk.Aws.URL_SUFFIX}/AWSServiceRoleFor{name}"
    return cdk.Stack.of(scope).format_arn(service="iam", region="", resource="role", resource_name=path)


def messaging(scope: Construct, service: str) -> str:
    """Give the ARN pattern of this app's queues (`sqs`) or topics (`sns`)."""
    return cdk.Stack.of(scope).format_arn(service=service, resource="Atoll-*")


def tracking(scope: Construct, kind: str) -> str:
    """Give the ARN pattern of what the tracking stack's cluster runs: `service` or `task`."""
    return cdk.Stack.of(scope).format_arn(service="ecs", resource=kind, resource_name="Atoll-Tracking-*/*")
