"""What the steps of the story share: the local AWS, the people, and where things are."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.story.waiting import StoryError

if TYPE_CHECKING:
    import boto3
    from mlflow import MlflowClient

    from local.cloud import LocalCloud
    from local.story.narrator import Narrator

MODEL = "card-anomaly"
ENDPOINT_STACK = f"Atoll-Endpoint-{MODEL}"
ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
ASSEMBLY = BUILD / "story" / "cdk.out"


@dataclass(frozen=True)
class Person:
    """Somebody who acts in the story, by a role of the platform and a session tag `uid` from the identity provider."""

    uid: str
    role_output: str
    does: str


TRAINER = Person("alice", "TrainerRoleArn", "trains models")
APPROVER = Person("bob", "ApproverRoleArn", "approves releases")
OPERATOR = Person("olga", "OperatorRoleArn", "operates the endpoint")
AUDITOR = Person("iris", "AuditorRoleArn", "audits")


@dataclass(frozen=True)
class Ledger:
    """The ledger that the story runs on: a file and, where its columns have other names, their mapping."""

    file: Path
    mapping: Path | None
    inject: bool


@dataclass
class Scene:
    """The stage: steps read it and leave on it what later steps need."""

    cloud: LocalCloud
    narrator: Narrator
    ledger: Ledger
    run: str = "story"
    outputs: dict[str, str] = field(default_factory=dict)
    sessions: dict[Person, boto3.Session] = field(default_factory=dict)
    work: Path = BUILD / "story"
    first_job: str = ""
    scoring_job: str = ""

    @cached_property
    def administrator(self) -> boto3.Session:
        """The account's administrator: deploys, and looks on."""
        return self.cloud.session()

    def person(self, person: Person) -> boto3.Session:
        """A person's session in their role, signed in once in a story."""
        if person not in self.sessions:
            self.sessions[person] = self.cloud.as_person(self.outputs[person.role_output], person.uid)
        return self.sessions[person]

    def environment_of(self, person: Person) -> dict[str, str]:
        """The environment of a person's shell: their credentials and nobody else's."""
        return self.environment_with(self.person(person))

    def environment_with(self, session: boto3.Session) -> dict[str, str]:
        """The environment of a shell that has the credentials of `session` and no others, not even MLflow's."""
        keys = session.get_credentials().get_frozen_credentials()
        ours = {name: value for name, value in self.cloud.environment.items() if not name.startswith("MLFLOW_")}
        return ours | {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_SESSION_TOKEN": keys.token,
        }

    def read_outputs(self) -> None:
        """Collect the outputs of all stacks, as people do with `aws cloudformation describe-stacks`."""
        pages = self.administrator.client("cloudformation").get_paginator("describe_stacks").paginate()
        self.outputs = {
            output["OutputKey"]: output["OutputValue"]
            for page in pages
            for stack in page["Stacks"]
            for output in stack.get("Outputs", [])
            if not output["OutputKey"].startswith("Export")
        }

    @cached_property
    def registry(self) -> MlflowClient:
        """MLflow's client, signed in as the tracking server's administrator."""
        os.environ.update(self.tracking_environment())
        # The SageMaker SDK's plug-in for MLflow takes every tracking address for an ARN, and warns when it isn't one.
        logging.getLogger("mlflow.tracking.request_header.registry").setLevel(logging.ERROR)
        from mlflow import MlflowClient  # noqa: PLC0415 - reads the environment, and takes seconds to import

        return MlflowClient(tracking_uri=self.outputs["TrackingUrl"])

    def tracking_environment(self) -> dict[str, str]:
        """What an MLflow client needs in its environment to sign in as the tracking server's administrator."""
        secrets = self.administrator.client("secretsmanager")
        secret = json.loads(secrets.get_secret_value(SecretId=self.outputs["TrackingAdminSecretArn"])["SecretString"])
        return {
            "MLFLOW_TRACKING_URI": self.outputs["TrackingUrl"],
            "MLFLOW_TRACKING_USERNAME": secret["username"],
            "MLFLOW_TRACKING_PASSWORD": secret["password"],
            "MLFLOW_TRACKING_SERVER_CERT_PATH": str(self.cloud.certificates.authority),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def stack(self) -> dict[str, Any]:
        """The endpoint's stack as CloudFormation describes it."""
        return self.administrator.client("cloudformation").describe_stacks(StackName=ENDPOINT_STACK)["Stacks"][0]

    def champion_version(self) -> str:
        """The version that MLflow calls champion."""
        return str(self.registry.get_model_version_by_alias(MODEL, "champion").version)

    def version_of_job(self, job_arn: str) -> Any | None:  # noqa: ANN401 - MLflow's ModelVersion, imported late
        """The registered version that a training job led to, or None while there is none."""
        found = self.registry.search_model_versions(f"name='{MODEL}'")
        return next((v for v in found if v.tags.get("atoll.training_job_arn") == job_arn), None)


def expect(condition: object, sentence: str) -> None:
    """Stop the story with a sentence when a promise did not hold.

    Raises:
        StoryError: `condition` is false.
    """
    if not condition:
        raise StoryError(sentence)
