"""An endpoint, its stack and its change sets in memory. tests/contract holds them to what the adapters do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lambdas.release import decisions, expected
from lambdas.release.ports import EndpointAnswerError
from lambdas.release.records import Release, Serving, Stack, Version
from lambdas.release.settings import Settings
from tests.fakes.artifacts import GOLDEN_SCORES

MODEL = "card-anomaly"
REPOSITORY = "registry.example/atoll/model"
IMAGE = f"{REPOSITORY}@sha256:{'a' * 64}"
APPROVER = "arn:x:iam::1:role/atoll/Approver"
DEPLOYER = "arn:x:iam::1:role/Deployer"
ASKER = "arn:x:iam::1:role/TrainingCompleted"
TRAINER = "arn:x:iam::1:role/atoll/Trainer"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = Settings(
    models=(MODEL,),
    data_bucket="data",
    release_bucket="release",
    audit_bucket="audit",
    topic_arn="arn:x:sns:us-east-1:000000000000:topic",
    tracking_secret_arn="secret",
    endpoint_service_role_arn="role",
    signing_key_arn="key",
    approver_role_arn=APPROVER,
    deployer_role_arn=DEPLOYER,
    asker_role_arn=ASKER,
    trainer_role_arn=TRAINER,
    minimum_average_precision=0.5,
    maximum_regression=0.05,
    slice_fields=("agency",),
    slice_minimum_anomalies=20,
    maximum_slice_regression=0.1,
)


def identity(who: str, role: str = "Approver") -> dict[str, object]:
    """Whom CloudTrail names: a session of a role. Its issuer's ARN has the role's path or has none."""
    issuer = {"type": "Role", "arn": f"arn:x:iam::1:role/{role}"}
    arn = f"arn:x:sts::1:assumed-role/{role}/{who}"
    return {"type": "AssumedRole", "arn": arn, "sessionContext": {"sessionIssuer": issuer}}


def template(note: str = "reviewed", **variables: object) -> str:
    """An endpoint's template, as far as the release path reads it."""
    of_release = {"ATOLL_MANIFEST_SHA256": "ManifestSha256", "ATOLL_MODEL_VERSION": "MlflowVersion"}
    given = {name: {"Ref": parameter} for name, parameter in of_release.items()}
    given["ATOLL_RELEASE_ID"] = {"Ref": "ReleaseId"}
    container = {"Environment": {"ATOLL_MODEL_NAME": MODEL, **given, **variables}}
    model = {"Type": "AWS::SageMaker::Model", "Properties": {"PrimaryContainer": container}}
    return json.dumps({"Description": note, "Resources": {"Model": model}})


REVIEWED = template()


def serving(version: Version) -> Serving:
    """What an endpoint says that runs a version's release under the reviewed template."""
    return serving_release(decisions.release_of(version), REVIEWED)


def serving_release(release: Release, text: str) -> Serving:
    """What an endpoint says that runs a release under a template."""
    bucket = SETTINGS.release_bucket
    container = expected.container(text, release, model=MODEL, repository=REPOSITORY, bucket=bucket)
    return Serving(
        status="InService",
        manifest_sha256=release.manifest_sha256,
        release_id=release.release_id,
        version=release.version,
        image_digest=release.image_digest,
        containers=(container,),
    )


@dataclass
class FakeEndpoints:
    stacks: dict[str, Stack] = field(default_factory=dict)
    running: dict[str, Serving] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=lambda: {MODEL: REVIEWED})
    scores: list[float] | None = field(default_factory=GOLDEN_SCORES.copy)  # None: errors

    def stack(self, model: str) -> Stack:
        return self.stacks.get(model, Stack(status="CREATE_COMPLETE"))

    def template(self, model: str) -> str:
        return self.templates[model]

    def serving(self, model: str) -> Serving | None:
        return self.running.get(model)

    def refuse_callers(self, model: str) -> None:
        if model in self.running:
            self.running[model] = replace(self.running[model], refuses=True)

    def invoke(self, model: str, rows: Sequence[Sequence[float | None]]) -> list[float]:
        if self.scores is None:
            raise EndpointAnswerError(f"{model} fails on {len(rows)} rows")
        return self.scores
