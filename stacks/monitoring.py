"""Monitoring: scores are compared with the training baseline; drift and dead letters raise alarms."""

from typing import Unpack

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from compliance.accepted import NAMED_AT_RUN_TIME, NO_RESOURCE_LEVEL
from stacks.bundle import bundle_folder
from stacks.components import arns
from stacks.components.alerts import alarm, ring_when_a_backup_fails, runbook
from stacks.components.endpoint_alarms import VARIANT, endpoint_name
from stacks.components.events import EventKind, EventRoute
from stacks.components.functions import DeadLetters, EventFunction
from stacks.components.stack import AtollStack, StackOptions
from stacks.release import ReleaseStack
from stacks.settings import Settings
from stacks.training import TrainingStack

_DRIFT_ALARM = 0.25


class MonitoringStack(AtollStack):
    """The drift monitor, its alarm, the alarms on dead letters, and one dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        roles: TrainingStack,
        release: ReleaseStack,
        **options: Unpack[StackOptions],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings, **options)
        self._release = release
        self._dead_letters = DeadLetters(self, "DeadLetters", key=release.foundation.keys.messages)
        function = self._batch_scored()
        # Events of processing jobs have no tags, but the role:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
        scored = {"ProcessingJobStatus": ["Completed"], "RoleArn": [roles.jobs.scoring.role_arn]}
        event = EventKind(source="aws.sagemaker", kind="SageMaker Processing Job State Change", detail=scored)
        EventRoute(self, "ScoringEnded", event=event, to=function, dead_letters=self._dead_letters)
        for name, queue in (("Release", release.dead_letters), ("Monitoring", self._dead_letters)):
            waiting = queue.metric_approximate_number_of_messages_visible()
            text = f"Events that failed for good wait in the queue. {runbook('release-dead-letters')}"
            alarm(self, f"{name}DeadLetters", waiting, threshold=1, text=text, topic=release.topic)
        if settings.tracking.database == "postgresql":
            ring_when_a_backup_fails(self, release.topic)
        for model in settings.models:
            self._watch(model)
        self.output("BatchScoredFunction", function.function_name)

    def _batch_scored(self) -> EventFunction:
        foundation = self._release.foundation
        function = EventFunction(
            self,
            "BatchScored",
            place=foundation.workplace(self._dead_letters),
            code=lambda_.Code.from_asset(bundle_folder(foundation.settings, "monitoring")),
            handler="lambdas.monitoring.handlers.batch_scored.handler",
            environment=self._release.function_environment,
        )
        policy = function.permissions
        self._release.powers.notify(policy)
        self._release.powers.keep_notes(policy)
        self._release.powers.read_releases(policy)
        policy.allow_pattern(
            "sagemaker:DescribeProcessingJob",
            "sagemaker:ListTags",
            on=[arns.sagemaker(self, "processing-job")],
            because=NAMED_AT_RUN_TIME,
        )
        policy.allow_pattern(
            "cloudwatch:PutMetricData",
            on=["*"],
            because=NO_RESOURCE_LEVEL,
            when={"StringEquals": {"cloudwatch:namespace": "Atoll"}},
        )
        policy.allow_objects("s3:GetObject", bucket=foundation.data, prefix="scores/")
        policy.allow_objects("s3:GetObject", "s3:PutObject", bucket=foundation.data, prefix="monitoring/")
        policy.allow_listing(bucket=foundation.data, prefixes=["scores/", "monitoring/"])
        policy.allow("kms:Decrypt", "kms:GenerateDataKey", on=[foundation.keys.data.key_arn])
        policy.allow("kms:Decrypt", on=[foundation.keys.jobs.key_arn])
        return function

    def _watch(self, model: str) -> None:
        text = f"Inputs of {model} are unlike those that it was trained on. {runbook('drift')}"
        name = f"{endpoint_name(model)}-drift"
        topic = self._release.topic
        alarm(self, f"Drift-{model}", drift(model), threshold=_DRIFT_ALARM, text=text, topic=topic, name=name)
        board = cloudwatch.Dashboard(self, f"Dashboard-{model}")
        calls = [_serving(model, name) for name in ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors")]
        board.add_widgets(
            cloudwatch.GraphWidget(title=f"{model}: invocations", left=calls),
            cloudwatch.GraphWidget(title=f"{model}: latency (microseconds)", left=[_serving(model, "ModelLatency")]),
            cloudwatch.GraphWidget(title=f"{model}: drift (largest PSI)", left=[drift(model)]),
        )


def drift(model: str) -> cloudwatch.Metric:
    """Give the metric of the drift monitor: the largest population stability index over the features."""
    return cloudwatch.Metric(
        namespace="Atoll",
        metric_name="Drift",
        dimensions_map={"Model": model},
        statistic="Maximum",
        period=cdk.Duration.minutes(5),
    )


def _serving(model: str, name: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/SageMaker",
        metric_name=name,
        dimensions_map={"EndpointName": endpoint_name(model), "VariantName": VARIANT},
        statistic="Sum" if name.startswith("Invocation") else "p99",
    )
