"""Who hears of what fails: an encrypted topic, which this account's alarms may speak to, and the alarm on backups."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.components.database import VAULT
from stacks.components.jsii_types import as_interface
from stacks.components.keys import Keys
from stacks.components.roles import service


def runbook(name: str) -> str:
    """Say in an alarm's description which page of docs/runbooks/ helps whom it wakes."""
    return f"Runbook: docs/runbooks/{name}.md"


def notifications(scope: Construct, keys: Keys) -> sns.Topic:
    """Make the topic that people subscribe to, and let this account's alarms publish to it.

    A topic with a policy of its own lacks the default that would let them.
    """
    topic = sns.Topic(scope, "Notifications", master_key=as_interface(keys.messages), enforce_ssl=True)
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[as_interface(service("cloudwatch"))],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(topic).account}},
        ),
    )
    return topic


def alarm(  # noqa: PLR0913 - what an alarm is
    scope: Construct,
    construct_id: str,
    metric: cloudwatch.Metric,
    *,
    threshold: float,
    text: str,
    topic: sns.Topic,
    name: str | None = None,
) -> None:
    """Tell people once a metric reaches its threshold; where nothing is measured, nothing is wrong."""
    made = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_name=name,
        alarm_description=text,
        metric=metric,
        threshold=threshold,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    made.add_alarm_action(as_interface(actions.SnsAction(as_interface(topic))))


def ring_when_a_backup_fails(scope: Construct, topic: sns.Topic) -> None:
    """Tell people of a night without a backup of the tracking database.

    The metric: https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html.

    Controls: CP-9, SI-4.
    """
    failed = cloudwatch.Metric(
        namespace="AWS/Backup",
        metric_name="NumberOfBackupJobsFailed",
        dimensions_map={"BackupVaultName": VAULT},
        statistic="Sum",
        period=cdk.Duration.hours(1),
    )
    text = f"The tracking database was not backed up. {runbook('tracking-server')}"
    alarm(scope, "BackupFailed", failed, threshold=1, text=text, topic=topic)
