"""A trainer scores a new month by two processing jobs, both sides with the policies of the templates, on the local AWS.

References in the policies become names of the local AWS (`named`), so that IAM there judges what is deployed.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError

from compliance.templates import Template, read_templates
from local.cloud import LocalSession
from local.cloud_environment import ACCOUNT, REGION
from model_code.etl.generate import to_csv
from tests.contract.sagemaker.cloud import MODEL_IMAGE, stand_in_cloud
from tests.contract.sagemaker.scene import PEOPLE_TRUST, Scene
from tests.infrastructure import policies
from tests.unit.model_code.scoring.ledgers import MONTH, history, new_month, purchases, trained

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning"),
]
FOLDER = "/opt/ml/processing"
JOB_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/KeysJobs"
SCORING = f"arn:aws:iam::{ACCOUNT}:role/scoring"
BUCKETS = {"Data": "data", "Release": "releases", "Audit": "audit", "AccessLogs": "logs"}


def named(text: str) -> str:
    """Names of the local AWS in place of what a reference stands for: `<Atoll-Foundation.KeysJobs12AB.Arn>`."""

    def name(match: re.Match[str]) -> str:
        stack, logical = match[1].split(".")[:2]
        if stack == "Atoll-Training" and logical.startswith("JobsScoring"):
            return SCORING
        if logical.startswith("Keys"):
            return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{re.sub('[0-9A-F]{8}$', '', logical)}"
        for start, bucket in BUCKETS.items():
            if re.fullmatch(f"{start}[0-9A-F]{{8}}", logical):
                return f"arn:aws:s3:::{bucket}"
        return re.sub(r"\W", "-", match[1])

    local = text.replace(policies.PARTITION, "aws").replace(policies.REGION, REGION).replace(policies.ACCOUNT, ACCOUNT)
    return re.sub(r"<([^<>]+)>", name, local)


class Office:
    """A trainer and the scoring role, with the templates' policies."""

    def __init__(self, scene: Scene, templates: dict[str, Template]) -> None:
        self.scene, self.iam = scene, scene.cloud.client("iam")
        trust = policies.resolved(
            templates, "Atoll-Training", policies.role_of(templates, "JobsScoring")["AssumeRolePolicyDocument"]
        )
        self._role("scoring", json.loads(named(json.dumps(trust))), policies.policies_of(templates, "ScoringJob"))
        trust = {"Version": "2012-10-17", "Statement": [PEOPLE_TRUST]}
        self._role("trainer", trust, policies.policies_of(templates, "Trainer"))
        outputs = {name: named(policies.output(templates, "Atoll-Foundation", name)) for name in (
            "JobSubnetIds", "JobSecurityGroupId")}  # fmt: skip
        self.vpc = {
            "Subnets": outputs["JobSubnetIds"].split(","),
            "SecurityGroupIds": [outputs["JobSecurityGroupId"]],
        }

    def _role(self, name: str, trust: dict[str, Any], allowed: list[dict[str, Any]]) -> None:
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        for number, document in enumerate(allowed):
            body = named(json.dumps(document))
            self.iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=body)

    def trainer(self) -> LocalSession:
        given = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/trainer", "RoleSessionName": "alice"}
        tags = [{"Key": "uid", "Value": "alice"}]
        return self.scene.cloud.session(self.scene.cloud.client("sts").assume_role(**given, Tags=tags)["Credentials"])

    def request(self, arguments: list[str], inputs: dict[str, str], outputs: dict[str, str]) -> dict[str, Any]:
        """A job as docs/score.md says; inputs and outputs are S3 prefixes by folder."""
        ways = {"S3DataType": "S3Prefix", "S3InputMode": "File"}
        return {
            "ProcessingJobName": self.scene.name(arguments[0]),
            "RoleArn": SCORING,
            "AppSpecification": {"ImageUri": MODEL_IMAGE, "ContainerArguments": arguments},
            "ProcessingResources": {"ClusterConfig": {
                "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1, "VolumeKmsKeyId": JOB_KEY}},
            "ProcessingInputs": [
                {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": f"{FOLDER}/input/{name}", **ways}}
                for name, uri in inputs.items()
            ],
            "ProcessingOutputConfig": {"KmsKeyId": JOB_KEY, "Outputs": [
                {"OutputName": name, "S3Output": {
                    "S3Uri": uri, "LocalPath": f"{FOLDER}/output/{name}", "S3UploadMode": "EndOfJob"}}
                for name, uri in outputs.items()
            ]},
            "NetworkConfig": {
                "EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True, "VpcConfig": self.vpc},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "Tags": [{"Key": "atoll:uid", "Value": "alice"}],
        }  # fmt: skip

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        self.trainer().client("sagemaker").create_processing_job(**job)
        return self.scene.ended("processing", job["ProcessingJobName"])


@pytest.fixture(scope="module")
def office(assembly: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The released model and an agency's files in S3, and who works with them."""
    ledger = purchases()
    archive = trained(tmp_path_factory.mktemp("trained"), history(ledger))
    with stand_in_cloud(tmp_path_factory.mktemp("sagemaker")) as cloud:
        scene = Scene(cloud)
        scene.s3.create_bucket(Bucket="releases")
        scene.s3.put_object(Bucket="releases", Key="models/m/1/model.tar.gz", Body=archive.read_bytes())
        scene.s3.put_object(Bucket="data", Key="ledgers/a/history/ledger.csv", Body=to_csv(history(ledger)))
        scene.s3.put_object(Bucket="data", Key="ledgers/a/new/new.csv", Body=to_csv(new_month(ledger)))
        yield Office(scene, read_templates(assembly("govcloud-west")))


MODEL = "s3://releases/models/m/1/"
FILES = {"ledger": "s3://data/ledgers/a/history/", "new": "s3://data/ledgers/a/new/", "model": MODEL}


def test_a_trainer_scores_a_new_month_by_the_released_model(office: Office) -> None:
    places = {name: f"s3://data/scores/january/{name}" for name in ("rows", "quarantine")}
    ready = office.run(office.request(["etl", "--score"], FILES, places))
    assert ready["ProcessingJobStatus"] == "Completed", ready
    inputs = {"rows": "s3://data/scores/january/rows/", "model": MODEL}
    job = office.request(["score", "--budget", "5"], inputs, {"scores": "s3://data/scores/january/scores"})
    done = office.run(job)
    assert done["ProcessingJobStatus"] == "Completed", done
    found = office.trainer().client("s3").get_object(Bucket="data", Key="scores/january/scores/scores.parquet")
    table = pd.read_parquet(io.BytesIO(found["Body"].read()))
    assert (len(table), table["rank"].notna().sum()) == (MONTH, 5)
    assert found["SSEKMSKeyId"] == JOB_KEY
    other = job | {"ProcessingJobName": "other", "Environment": {"ATOLL_MANIFEST_SHA256": "0" * 64}}
    assert "this isn't the released model" in office.run(other)["ExitMessage"]


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (FILES, {"rows": "s3://data/features/a"}),
        (FILES, {"rows": "s3://data/ledgers/a/new"}),
        (FILES | {"new": "s3://data/features/"}, {"rows": "s3://data/scores/a"}),
    ],
)
def test_a_scoring_touches_no_prefix_of_another_job(
    office: Office, inputs: dict[str, str], outputs: dict[str, str]
) -> None:
    ended = office.run(office.request(["etl", "--score"], inputs, outputs))
    assert ended["ProcessingJobStatus"] == "Failed"
    assert "AccessDenied" in json.dumps(ended, default=str)


@pytest.mark.parametrize(
    "change",
    [
        {"NetworkConfig": {}},
        {"Tags": [{"Key": "atoll:uid", "Value": "bob"}]},
        {"StoppingCondition": {"MaxRuntimeInSeconds": 100_000}},
    ],
)
def test_a_scoring_keeps_the_conditions_of_every_job(office: Office, change: dict[str, Any]) -> None:
    places = {"rows": "s3://data/scores/a"}
    with pytest.raises(ClientError, match="AccessDenied"):
        office.run(office.request(["etl", "--score"], FILES, places) | change)


def test_scores_end_by_age_with_every_version_of_them(assembly: Callable[[str], Path]) -> None:
    [rule] = [
        rule
        for body in read_templates(assembly("govcloud-west"))["Atoll-Foundation"]["Resources"].values()
        if body["Type"] == "AWS::S3::Bucket"
        for rule in body["Properties"]["LifecycleConfiguration"]["Rules"]
        if rule.get("Prefix") == "scores/"
    ]
    assert (rule["ExpirationInDays"], rule["Status"]) == (400, "Enabled")
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
