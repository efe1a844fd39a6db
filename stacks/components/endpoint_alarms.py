"""The three alarms that roll a release back; names are derived, as generated ones would refer in a circle."""

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


def runbook(name: str) -> str:
    """Say in an alarm's description which page of docs/runbooks/ helps whom it wakes. Controls: IR-4, IR-8."""
    return f"Runbook: docs/runbooks/{name}.md"


class EndpointAlarms(Construct):
    """Server errors, latency and unanswered invocations of an endpoint: a deployment watches these (`rollback`).

    An unanswered invocation is one that ended without an answer of the model's: `InvocationModelErrors` (every answer
    but 2XX, and timeouts, broken connections) without the answers 4XX, which are the caller's fault, and 5XX.

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
        dimension = cloudwatch.CfnAlarm.DimensionProperty
        self._dimensions = [
            dimension(name="EndpointName", value=self._name),
            dimension(name="VariantName", value=VARIANT),
        ]
        _let_alarms_speak(topic)
        errors = self._alarm("5xx", "Invocation5XXErrors", "Sum", 1)
        slow = self._alarm("latency", "ModelLatency", "Average", model.latency_alarm_ms * _MICROSECONDS)
        self.rollback = [errors, slow, self._unanswered()]

    def _alarm(self, name: str, metric: str, statistic: str, threshold: float) -> cloudwatch.CfnAlarm:
        help_ = runbook(f"endpoint-{name}")
        return cloudwatch.CfnAlarm(
            self,
            name.capitalize(),
            alarm_name=f"{self._name}-{name}",
            alarm_description=f"{metric} of {self._name}: a release under way is rolled back. {help_}",
            namespace="AWS/SageMaker",
            metric_name=metric,
            statistic=statistic,
            dimensions=self._dimensions,
            period=60,
            evaluation_periods=1,
            threshold=threshold,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.topic_arn],
        )

    def _unanswered(self) -> cloudwatch.CfnAlarm:
        query = cloudwatch.CfnAlarm.MetricDataQueryProperty
        names = {"failed": "InvocationModelErrors", "client": "Invocation4XXErrors", "server": "Invocation5XXErrors"}
        sums = [query(id=name, metric_stat=self._sum(metric), return_data=False) for name, metric in names.items()]
        left = query(id="unanswered", expression="failed - FILL(client, 0) - FILL(server, 0)", return_data=True)
        return cloudwatch.CfnAlarm(
            self,
            "Failures",
            alarm_name=f"{self._name}-failures",
            alarm_description=f"Invocations of {self._name} without an answer: a release under way is rolled back. "
            f"{runbook('endpoint-5xx')}",
            metrics=[*sums, left],
            evaluation_periods=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.topic_arn],
        )

    def _sum(self, metric: str) -> cloudwatch.CfnAlarm.MetricStatProperty:
        named = cloudwatch.CfnAlarm.MetricProperty(
            namespace="AWS/SageMaker", metric_name=metric, dimensions=self._dimensions
        )
        return cloudwatch.CfnAlarm.MetricStatProperty(metric=named, period=60, stat="Sum")


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
