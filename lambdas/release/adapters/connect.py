"""The real world: every port over AWS and MLflow, made once for the life of a function's process.

Addresses, regions and trusted certificates are the SDKs' own variables (AWS_ENDPOINT_URL, AWS_REGION,
REQUESTS_CA_BUNDLE).
"""

import os
from functools import cache

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from lambdas.release.adapters.cloudformation_change_sets import CloudFormationChangeSets
from lambdas.release.adapters.cloudtrail_trail import CloudTrailTrail
from lambdas.release.adapters.counted_audit import CountedAudit
from lambdas.release.adapters.eventbridge_functions import EventBridgeFunctions
from lambdas.release.adapters.kms_signer import KmsSigner
from lambdas.release.adapters.mlflow_registry import MlflowRegistry, open_client
from lambdas.release.adapters.s3_artifacts import S3Artifacts
from lambdas.release.adapters.s3_audit import S3AuditStore
from lambdas.release.adapters.s3_templates import S3Templates
from lambdas.release.adapters.sagemaker_endpoints import SageMakerEndpoints
from lambdas.release.adapters.sagemaker_jobs import SageMakerJobs
from lambdas.release.adapters.sns_notifier import SnsNotifier
from lambdas.release.adapters.ssm_image import SsmImage
from lambdas.release.ports import World
from lambdas.release.settings import Settings

logger = Logger(service="atoll-release")
# LookupEvents answers twice a second in a whole account and region, and throttles whoever asks more:
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
_PATIENT = Config(retries={"mode": "adaptive", "max_attempts": 10})


@cache
def connect() -> World:
    """Return the world as the function's environment describes it.

    Raises:
        SettingsError: the environment is incomplete.
    """
    settings = Settings.parse(os.environ)
    cloudformation, sagemaker, s3, ssm = (boto3.client(n) for n in ("cloudformation", "sagemaker", "s3", "ssm"))
    secrets, runtime = boto3.client("secretsmanager"), boto3.client("sagemaker-runtime")
    endpoints = SageMakerEndpoints(cloudformation=cloudformation, sagemaker=sagemaker, runtime=runtime)
    audit = CountedAudit(S3AuditStore(s3, bucket=settings.audit_bucket), home=settings.home, stack=endpoints.stack_arn)
    return World(
        settings=settings,
        jobs=SageMakerJobs(sagemaker),
        artifacts=S3Artifacts(s3, release_bucket=settings.release_bucket),
        signer=KmsSigner(boto3.client("kms"), key_arn=settings.signing_key_arn),
        registry=MlflowRegistry(lambda: open_client(ssm, secrets, secret_arn=settings.tracking_secret_arn)),
        endpoints=endpoints,
        change_sets=CloudFormationChangeSets(cloudformation, role_arn=settings.endpoint_service_role_arn),
        templates=S3Templates(s3, release_bucket=settings.release_bucket, audit=audit),
        image=SsmImage(ssm),
        notifier=SnsNotifier(boto3.client("sns"), topic_arn=settings.topic_arn),
        trail=CloudTrailTrail(boto3.client("cloudtrail", config=_PATIENT)),
        functions=EventBridgeFunctions(boto3.client("events")),
        audit=audit,
    )
