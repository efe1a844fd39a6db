"""What Application Auto Scaling tries with its caller's identity before it takes a request for an endpoint.

It makes trial calls in the target's service and in CloudWatch, and fails the request when one of them is denied:
https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
Which rights these are for an endpoint's variant: "SageMaker endpoints" below
https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
Some of the trial calls name what doesn't exist, as the first page tells of databases. DescribeAlarms is judged on all
alarms, the trial of PutMetricAlarm and DeleteAlarms on an alarm without a name
(github.com/aws-samples/amazon-cloudwatch-auto-alarms, issues 1 and 18).
"""

from collections.abc import Iterator

from local.rights.identity import Right

TRIED_FIRST = frozenset(
    {"DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget"}
)
_MADE_UP = "an-endpoint-that-is-not-there"


def tried_first(operation: str, resource_id: str, *, place: str) -> Iterator[Right]:
    """Give the rights for `endpoint/<name>/variant/<name>`; `place` is `<partition>:<service>:<region>:<account>`.

    Args:
        operation: Of Application Auto Scaling.
        resource_id: The target.
        place: A pattern such as `arn:aws:{service}:us-east-1:123456789012:`.
    """
    if operation not in TRIED_FIRST:
        return
    alarm, sagemaker = place.format(service="cloudwatch") + "alarm:", place.format(service="sagemaker")
    yield Right("cloudwatch:DescribeAlarms", (f"{alarm}*",))
    for action in ("PutMetricAlarm", "DeleteAlarms"):
        yield Right(f"cloudwatch:{action}", (alarm,))
        yield Right(f"cloudwatch:{action}", (f"{alarm}TargetTracking-{resource_id}-AlarmHigh",))
    name = resource_id.split("/")[1]
    yield Right("sagemaker:DescribeEndpointConfig", (f"{sagemaker}endpoint-config/Config",))
    for endpoint in (name, _MADE_UP):
        yield Right("sagemaker:DescribeEndpoint", (f"{sagemaker}endpoint/{endpoint}",))
        yield Right("sagemaker:UpdateEndpointWeightsAndCapacities", (f"{sagemaker}endpoint/{endpoint}",))
