"""The two alarms that roll a release back. Names are derived: generated ones would make a circle with the endpoint."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.components.jsii_types import as_interface
from stacks.components.roles import service
from stacks.settings import Model

VARIANT = "live"
_MICROSECONDS = 1000


def endpoint_name(model_name: str) -> str:
    """Give the endpoint's fixed name."""
    return f"atoll-{model_name}"


class EndpointAlarms(Construct):
    """Server errors and latency of an endpoint; `rollback` are the alarms that a deployment watches.

    Controls: SI-4, CP-10, IR-4.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model_name: str,
        model: Model,
        topic: sns.Topic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = endpoint_name(model_name)
        self._topic = topic
        _let_alarms_speak(topic)
        errors = self._alarm("5xx", "Invocation5XXErrors", "Sum", 1)
        slow = self._alarm("latency", "ModelLatency", "Average", model.latency_alarm_ms * _MICROSECONDS)
        self.rollback = [errors, slow]

    def _alarm(self, name: str, metric: str, statistic: str, threshold: float) -> cloudwatch.CfnAlarm:
        dimension = cloudwatch.CfnAlarm.DimensionProperty
        return cloudwatch.CfnAlarm(
            self,
            name.capitalize(),
            alarm_name=f"{self._name}-{name}",
            alarm_description=f"{metric} of {self._name}: a release under way is rolled back.",
            namespace="AWS/SageMaker",
            metric_name=metric,
            statistic=statistic,
            dimensions=[
                dimension(name="EndpointName", value=self._name),
                dimension(name="VariantName", value=VARIANT),
            ],
            period=60,
            evaluation_periods=1,
            threshold=threshold,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.topic_arn],
        )


def _let_alarms_speak(topic: sns.Topic) -> None:
    """Let this account's alarms publish: a topic with a policy of its own lacks the default that would let them."""
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[as_interface(service("cloudwatch"))],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(topic).account}},
        ),
    )
