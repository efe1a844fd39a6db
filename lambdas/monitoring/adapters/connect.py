"""The real world of the monitor, made once for the life of a function's process."""

import os
from functools import cache

import boto3
from aws_lambda_powertools import Logger

from lambdas.monitoring.adapters.cloudwatch_reports import CloudWatchReports
from lambdas.monitoring.adapters.s3_notes import S3Notes
from lambdas.monitoring.adapters.sagemaker_batches import SageMakerBatches
from lambdas.monitoring.ports import World
from lambdas.monitoring.settings import Settings
from lambdas.release.adapters.s3_artifacts import S3Artifacts
from lambdas.release.adapters.s3_audit import S3AuditStore
from lambdas.release.adapters.sns_notifier import SnsNotifier

logger = Logger(service="atoll-monitoring")


@cache
def connect() -> World:
    """Return the world as the function's environment describes it.

    Raises:
        SettingsError: the environment is incomplete.
    """
    settings = Settings.parse(os.environ)
    s3, sagemaker, cloudwatch, sns = (boto3.client(n) for n in ("s3", "sagemaker", "cloudwatch", "sns"))
    return World(
        batches=SageMakerBatches(
            sagemaker=sagemaker, s3=s3, data_bucket=settings.data_bucket, release_bucket=settings.release_bucket
        ),
        artifacts=S3Artifacts(s3, release_bucket=settings.release_bucket),
        reports=CloudWatchReports(s3=s3, cloudwatch=cloudwatch, data_bucket=settings.data_bucket),
        notifier=SnsNotifier(sns, topic_arn=settings.topic_arn),
        notes=S3Notes(S3AuditStore(s3, bucket=settings.audit_bucket)),
    )
