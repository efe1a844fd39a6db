"""The alarms of an endpoint, and those that roll a release back; names are derived, as people are told them."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.components.alerts import runbook
from stacks.settings import Model

VARIANT = "live"
SEVERAL = 3
"""Calls in a minute below which no release goes back by these alarms; the smoke test judges those."""
SHARE = 0.05
METRICS = {
    "calls": ("Invocations", "Sum"),
    "failed": ("InvocationModelErrors", "Sum"),
    "client": ("Invocation4XXErrors", "Sum"),
    "server": ("Invocation5XXErrors", "Sum"),
    "latency": ("ModelLatency", "p50"),
}
_MICROSECONDS = 1000


def endpoint_name(model_name: str) -> str:
    """Give the endpoint's fixed name."""
    return f"atoll-{model_name}"


class EndpointAlarms(Construct):
    """Server errors, latency and unanswered invocations of an endpoint: three alarms for people, three for deployments.

    Each asks for `SEVERAL` calls and a share of all: one call that fails or is slow, whoever made it, takes nobody's
    release back. An unanswered invocation is one that ended without an answer of the model's: `InvocationModelErrors`
    (every answer but 2XX, and timeouts, broken connections) without the answers 4XX, which are the caller's fault, and
    5XX. SageMaker counts 0 or 1 a call and lists these metrics and their statistics in
    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html.

    People's count both fleets, and a deployment must not watch those: an alarm that the old fleet trips rolls the new
    one back, so that a sick endpoint could never be left. A deployment's (`rollback`) have the configuration that it
    brings as a third dimension, so they see the new fleet alone. Both in
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html.

    Controls: SI-4, CP-10.
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
        left = "failed - FILL(client, 0) - FILL(server, 0)"
        self._watched = {
            "5xx": ("answers 5XX", _share("server"), SHARE),
            "failures": ("invocations without an answer", _share(f"({left})"), SHARE),
            "latency": (
                "median latency",
                f"IF(calls >= {SEVERAL}, latency, 0)",
                model.latency_alarm_ms * _MICROSECONDS,
            ),
        }
        of_endpoint = {"EndpointName": self._name, "VariantName": VARIANT}
        for name in self._watched:
            page = "endpoint-latency" if name == "latency" else "endpoint-5xx"
            self._alarm(name, name, of_endpoint, runbook(page))

    def rollback(self, config: sagemaker.CfnEndpointConfig) -> list[cloudwatch.CfnAlarm]:
        """Make the alarms that roll a deployment of this configuration back."""
        of_fleet = {
            "EndpointName": self._name,
            "VariantName": VARIANT,
            "EndpointConfigName": config.attr_endpoint_config_name,
        }
        why = f"a release under way is rolled back. {runbook('release-rolled-back')}"
        return [self._alarm(name, f"release-{name}", of_fleet, why) for name in self._watched]

    def _alarm(self, name: str, full_name: str, dimensions: Mapping[str, str], why: str) -> cloudwatch.CfnAlarm:
        query = cloudwatch.CfnAlarm.MetricDataQueryProperty
        what, expression, threshold = self._watched[name]
        asked = [
            query(id=id_, metric_stat=_metric(*metric, dimensions), return_data=False)
            for id_, metric in METRICS.items()
            if id_ in expression
        ]
        return cloudwatch.CfnAlarm(
            self,
            "".join(part.capitalize() for part in full_name.split("-")),
            alarm_name=f"{self._name}-{full_name}",
            alarm_description=f"{self._name}, {what}: {why}",
            metrics=[*asked, query(id="watched", expression=expression, return_data=True)],
            evaluation_periods=1,
            threshold=threshold,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.topic_arn],
        )


def _metric(metric: str, statistic: str, dimensions: Mapping[str, str]) -> cloudwatch.CfnAlarm.MetricStatProperty:
    named = cloudwatch.CfnAlarm.MetricProperty(
        namespace="AWS/SageMaker",
        metric_name=metric,
        dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name=key, value=value) for key, value in dimensions.items()],
    )
    return cloudwatch.CfnAlarm.MetricStatProperty(metric=named, period=60, stat=statistic)


def _share(count: str) -> str:
    """Return the share of a minute's calls that `count` counts, or 0 where those are few."""
    return f"IF({count} >= {SEVERAL}, {count} / calls, 0)"
