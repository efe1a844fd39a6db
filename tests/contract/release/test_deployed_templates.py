"""The deployed template by the real CDK CLI and the local AWS: a deployment brings one, and parameters stay."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.release.adapters.cloudformation_change_sets import CloudFormationChangeSets
from lambdas.release.adapters.s3_templates import S3Templates
from lambdas.release.adapters.sagemaker_endpoints import SageMakerEndpoints
from lambdas.release.records import Release, stack_of
from local.cloud import LocalCloud
from tests.fakes import release as fakes
from tests.fakes.release import MODEL

STACK = stack_of(MODEL)
RELEASE = Release(image_digest="sha256:1", manifest_sha256="e" * 64, version="1", release_id="r-by-ann-eeeeeeeeeeee")


def template(note: str) -> str:
    """A template as the CDK writes it: JSON with line breaks, its keys in no order."""
    parts = {
        "Parameters": {name: {"Type": "String", "Default": ""} for name in Release().parameters()},
        "Resources": {
            "P": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::Sub": f"{note} ${{ReleaseId}}"}},
            }
        },
    }
    return json.dumps(parts, indent=1)


def assembly(folder: Path, text: str) -> Path:
    """A synthesized app of the one stack, deployed with the caller's own rights."""
    folder.mkdir(exist_ok=True)
    (folder / "t.template.json").write_text(text)
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://000000000000/us-east-1",
        "properties": {"templateFile": "t.template.json"},
    }
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {STACK: artifact}}))
    return folder


@pytest.fixture
def deploy(cloud: LocalCloud, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Runs `cdk deploy` of a template."""

    def run(text: str) -> None:
        cloud.cdk("deploy", STACK, "--require-approval", "never", assembly=assembly(tmp_path / "a", text))

    client = cloud.client("cloudformation")
    yield run
    client.delete_stack(StackName=STACK)
    client.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})


def test_a_deployment_is_told_from_a_release_and_keeps_the_running_release(
    cloud: LocalCloud, deploy: Callable[[str], None]
) -> None:
    client = cloud.client("cloudformation")
    endpoints = SageMakerEndpoints(cloudformation=client, sagemaker=None, runtime=None)
    sets = CloudFormationChangeSets(client, role_arn="arn:aws:iam::000000000000:role/narrow")

    def run(name: str, release: Release, text: str | None) -> None:
        if name.startswith("r-by-"):
            sets.execute(MODEL, sets.request(MODEL, name, release, "why"))
        else:
            sets.execute(MODEL, sets.prepare(MODEL, name, release, "why", text) or "nothing to change")
        client.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

    deploy(template("first"))
    assert (endpoints.stack(MODEL).was_deployed, endpoints.stack(MODEL).release_id) == (True, "")
    first = endpoints.template(MODEL)
    run(RELEASE.release_id, RELEASE, None)
    assert endpoints.stack(MODEL).was_released
    assert endpoints.template(MODEL) == first
    deploy(template("second"))
    found = client.describe_stacks(StackName=STACK)["Stacks"][0]
    assert {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]} == RELEASE.parameters()
    assert endpoints.stack(MODEL).was_deployed
    assert endpoints.template(MODEL) == first.replace("first", "second")
    run(
        "home-from-olga",
        replace(RELEASE, version="2", release_id="r-by-olga-0"),
        json.dumps(json.loads(template("second"))),
    )
    run("home-to-template", RELEASE, first)
    assert endpoints.stack(MODEL).release_id == RELEASE.release_id
    assert (endpoints.stack(MODEL).was_released, endpoints.template(MODEL)) == (True, first)


@pytest.mark.parametrize("kind", ["fake", "adapter"])
def test_a_recorded_template_is_the_last_one_letter_for_letter(kind: str, buckets: Any) -> None:  # noqa: ANN401
    kept = fakes.FakeTemplates({}) if kind == "fake" else S3Templates(buckets, release_bucket="release")
    assert kept.recorded(MODEL) is None
    for text in (template("first"), '{"a": 1,\r\n "a": "é"}'):
        kept.record(MODEL, text)
        assert kept.recorded(MODEL) == text
    assert kept.recorded("another") is None


def test_a_template_that_may_not_be_read_is_not_taken_for_a_missing_one(aws: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Templates(aws("s3"), release_bucket="nowhere").recorded(MODEL)
