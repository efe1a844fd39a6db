"""Registry: where container images live, and which digests of the model's image are the current ones."""

from typing import Unpack

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.components.stack import AtollStack, StackOptions
from stacks.images import digest
from stacks.settings import Settings


class ImageRepository(ecr.Repository):
    """A repository whose tags never move, scanned on push, under our key; untagged images go after thirty days.

    Controls: RA-5, SC-28, SI-7.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.Key,
        removal: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            repository_name=name,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description="Images without a tag; those with one stay, for what ran once may be asked for.",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=cdk.Duration.days(30),
                ),
            ],
            removal_policy=removal,
        )


class RegistryStack(AtollStack):
    """The repositories `atoll/model` and `atoll/mlflow`; publishes which image trains and which serves."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.Key,
        **options: Unpack[StackOptions],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings, **options)
        self.model = ImageRepository(self, "Model", name="atoll/model", key=key, removal=self.removal)
        self.mlflow = ImageRepository(self, "Mlflow", name="atoll/mlflow", key=key, removal=self.removal)
        if settings.images.digests != "pending":
            current = digest(settings.images, "model")
            uri = f"{self.model.repository_uri}@{current}"
            self._publish("ModelImageDigest", "/atoll/registry/model-image-digest", current)
            self._publish("ModelImage", "/atoll/registry/model-image-uri", uri)
            self.output("ModelImageUri", uri)
            self.output("EtlImageUri", f"{self.model.repository_uri}@{settings.etl.image or current}")
            self.output("EtlEngine", settings.etl.engine)
            serving = f"{self.model.repository_uri}@{digest(settings.images, 'serving')}"
            self._publish("ServingImage", "/atoll/registry/serving-image-uri", serving)

    def _publish(self, construct_id: str, name: str, value: str) -> None:
        ssm.StringParameter(self, construct_id, parameter_name=name, string_value=value)
