"""The deployed template by the real CDK CLI and the local AWS: a deployment brings one, and parameters stay."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.release.adapters.cloudformation_change_sets import CloudFormationChangeSets
from lambdas.release.adapters.s3_templates import S3Templates
from lambdas.release.adapters.sagemaker_endpoints import SageMakerEndpoints
from lambdas.release.chain import ChainedAudit
from lambdas.release.record import RecordError
from lambdas.release.records import AuditEntry, Release, stack_of
from local.cloud import LocalCloud
from tests.fakes import release as fakes
from tests.fakes.audit import FakeAudit, FakeAuditStore
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
    assert (endpoints.stack(MODEL).was_released, endpoints.stack(MODEL).release_id) == (False, "")
    assert endpoints.stack_arn(MODEL) == endpoints.stack(MODEL).arn
    assert endpoints.stack_arn("another") == ""
    first = endpoints.template(MODEL)
    run(RELEASE.release_id, RELEASE, None)
    assert endpoints.stack(MODEL).was_released
    assert endpoints.template(MODEL) == first
    deploy(template("second"))
    found = client.describe_stacks(StackName=STACK)["Stacks"][0]
    assert {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]} == RELEASE.parameters()
    assert not endpoints.stack(MODEL).was_released
    assert endpoints.template(MODEL) == first.replace("first", "second")
    run(
        "home-from-olga",
        replace(RELEASE, version="2", release_id="r-by-olga-0"),
        json.dumps(json.loads(template("second"))),
    )
    run("home-to-template", RELEASE, first)
    assert endpoints.stack(MODEL).release_id == RELEASE.release_id
    assert (endpoints.stack(MODEL).was_released, endpoints.template(MODEL)) == (True, first)


def log() -> ChainedAudit:
    """An empty record."""
    return ChainedAudit(FakeAuditStore(), home="000000000000/us-east-1")


def deployed(sha256: str, at: datetime = fakes.NOON) -> AuditEntry:
    details = {"template_sha256": sha256, "stack": "arn"}
    return AuditEntry(model=MODEL, subject="cdk", what="deployed", at=at, who="automation", details=details)


@pytest.mark.parametrize("kind", ["fake", "adapter"])
def test_the_template_that_counts_is_that_of_the_newest_deployment_on_record(kind: str, buckets: Any) -> None:  # noqa: ANN401
    audit = FakeAudit() if kind == "fake" else log()
    kept = (
        fakes.FakeTemplates({}, audit)
        if isinstance(audit, FakeAudit)
        else S3Templates(buckets, release_bucket="release", audit=audit)
    )
    assert kept.recorded(MODEL) is None
    first, second = template("first"), '{"a": 1,\r\n "a": "é"}'
    for minute, text in ((2, first), (3, second), (1, "told late"), (4, first)):
        before = kept.recorded(MODEL)
        sha256 = kept.keep(MODEL, text)
        assert kept.recorded(MODEL) == before  # a text that no deployment is on record for counts for nothing
        audit.write(deployed(sha256, fakes.NOON + timedelta(minutes=minute)))
        assert kept.recorded(MODEL) == (second if minute == 1 else text)
    assert kept.recorded("another") is None


def test_a_template_that_was_written_over_or_taken_away_is_missed_and_never_believed(buckets: Any) -> None:  # noqa: ANN401
    audit = log()
    kept = S3Templates(buckets, release_bucket="release", audit=audit)
    sha256 = kept.keep(MODEL, template("first"))
    audit.write(deployed(sha256))
    place = {"Bucket": "release", "Key": f"templates/{MODEL}/{sha256}.json"}
    for hostile in (b"{}", template("second").encode()):
        buckets.put_object(**place, Body=hostile)
        with pytest.raises(RecordError, match="isn't the one that was deployed last"):
            kept.recorded(MODEL)
    buckets.delete_object(**place)
    with pytest.raises(RecordError, match="is gone"):
        kept.recorded(MODEL)
    kept.keep(MODEL, template("first"))
    assert kept.recorded(MODEL) == template("first")


def test_a_deployment_of_another_account_counts_for_nothing(buckets: Any) -> None:  # noqa: ANN401
    store = FakeAuditStore()
    kept = S3Templates(buckets, release_bucket="release", audit=ChainedAudit(store, home="000000000000/us-east-1"))
    ChainedAudit(store, home="210987654321/us-east-1").write(deployed(kept.keep(MODEL, template("theirs"))))
    assert kept.recorded(MODEL) is None


def test_a_template_that_may_not_be_read_is_not_taken_for_a_missing_one(aws: Callable[..., Any]) -> None:
    audit = log()
    audit.write(deployed("a" * 64))
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Templates(aws("s3"), release_bucket="nowhere", audit=audit).recorded(MODEL)
