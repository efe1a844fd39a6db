"""Reading alarms, which IAM judges on all of them at once."""

from compliance.accepted import NAMED_AT_RUN_TIME
from stacks.components import arns
from stacks.components.roles import RolePolicy


def describe_alarms(policy: RolePolicy) -> None:
    """Allow DescribeAlarms. IAM judges it on `alarm:*`, whichever are asked for, and denies it to a narrower statement.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html names the type;
    the form is seen in denials (github.com/aws-samples/amazon-cloudwatch-auto-alarms, issue 1).
    """
    policy.allow_pattern("cloudwatch:DescribeAlarms", on=[arns.alarms(policy, "*")], because=NAMED_AT_RUN_TIME)
