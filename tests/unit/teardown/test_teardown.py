"""The teardown against moto's CloudFormation, S3 and ECR: what goes, what stays, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stacks.settings import ENVIRONMENTS
from teardown.__main__ import main
from teardown.stacks import BUCKET, REPOSITORY, TeardownError, empty_bucket
from tests.fakes.cloudformation import REGION, FakeCloudFormation, FakeStack

ACCOUNT = "123456789012"
OCI = "application/vnd.oci.image.manifest.v1+json"
Client = Any  # boto3 makes its clients at run time


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    with mock_aws():
        yield


def environment(folder: Path, name: str = "commercial", account: str = ACCOUNT) -> str:
    """A shipped settings file, for moto's account."""
    text = (ENVIRONMENTS / f"{name}.toml").read_text(encoding="utf-8").replace("111122223333", account)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def platform() -> FakeCloudFormation:
    """Stacks with a full bucket that goes, one that stays and a repository with an image; and somebody else's."""
    s3, ecr = boto3.client("s3", region_name=REGION), boto3.client("ecr", region_name=REGION)
    for name in ("data", "audit", "theirs"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for version in (b"1", b"2"):
            s3.put_object(Bucket=name, Key="a", Body=version)
        s3.delete_object(Bucket=name, Key="a")
    ecr.create_repository(repositoryName="model")
    ecr.put_image(
        repositoryName="model", imageManifest=json.dumps({"schemaVersion": 2, "mediaType": OCI}), imageTag="one"
    )
    foundation = {"Data": (BUCKET, "data", "Delete"), "Audit": (BUCKET, "audit", "Retain")}
    return FakeCloudFormation(
        {
            "Atoll-Foundation": FakeStack(foundation),
            "Atoll-Registry": FakeStack({"Model": (REPOSITORY, "model", "Delete")}),
            "Other": FakeStack({"Theirs": (BUCKET, "theirs", "Delete")}),
        }
    )


def teardown(cloudformation: FakeCloudFormation, *words: str) -> int:
    """Run the command with moto's clients and the fake CloudFormation."""

    def client(service: str, **options: str) -> Client:
        return cloudformation if service == "cloudformation" else boto3.client(service, **options)

    return main([*words], client=client)


def buckets() -> set[str]:
    return {each["Name"] for each in boto3.client("s3", region_name=REGION).list_buckets()["Buckets"]}


def test_without_delete_it_only_says_what_it_would_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stacks = platform()
    assert teardown(stacks, "--environment", environment(tmp_path)) == 0
    said = capsys.readouterr().out
    assert said.index("Atoll-Registry goes") < said.index("Atoll-Foundation goes")
    assert "  emptied: AWS::S3::Bucket data" in said
    assert "  stays:   AWS::S3::Bucket audit" in said
    assert "Other" not in said
    assert buckets() == {"data", "audit", "theirs"}
    assert set(stacks.stacks) == {"Atoll-Foundation", "Atoll-Registry", "Other"}


def test_a_development_deployment_goes_but_for_what_is_retained(tmp_path: Path) -> None:
    stacks = platform()
    assert teardown(stacks, "--environment", environment(tmp_path), "--delete", "commercial") == 0
    assert buckets() == {"audit", "theirs"}
    assert len(boto3.client("s3", region_name=REGION).list_object_versions(Bucket="audit")["Versions"]) == 2
    assert boto3.client("ecr", region_name=REGION).describe_repositories()["repositories"] == []
    assert set(stacks.stacks) == {"Other"}
    assert teardown(stacks, "--environment", environment(tmp_path), "--delete", "commercial") == 0  # nothing is left


@pytest.mark.parametrize(
    ("name", "account", "said"),
    [
        ("govcloud-west", ACCOUNT, "govcloud-west is production"),
        ("commercial", "210987654321", f"of account {ACCOUNT}, and the deployment is in 210987654321"),
    ],
)
def test_production_and_strangers_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, account: str, said: str
) -> None:
    stacks = platform()
    assert teardown(stacks, "--environment", environment(tmp_path, name, account), "--delete", name) == 1
    assert said in capsys.readouterr().err
    assert "data" in buckets()


def test_a_wrong_name_deletes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stacks = platform()
    assert teardown(stacks, "--environment", environment(tmp_path), "--delete", "comercial") == 1
    assert "--delete is 'comercial', and the deployment is 'commercial'" in capsys.readouterr().err
    assert "data" in buckets()


def test_a_protected_stack_keeps_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stacks = platform()
    stacks.stacks["Atoll-Foundation"].protected = True
    assert teardown(stacks, "--environment", environment(tmp_path), "--delete", "commercial") == 1
    assert "Atoll-Foundation: protected from termination" in capsys.readouterr().err
    assert "data" in buckets()


def test_a_stack_that_stays_is_told_with_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stacks = platform()
    stacks.stacks["Atoll-Registry"].resources["Gone"] = (BUCKET, "gone", "Delete")
    boto3.client("s3", region_name=REGION).create_bucket(Bucket="gone")
    stacks.stacks["Atoll-Registry"].events.append({"ResourceStatus": "DELETE_FAILED", "LogicalResourceId": "Gone"})
    assert teardown(stacks, "--environment", environment(tmp_path), "--delete", "commercial") == 1
    assert "Atoll-Registry is still there: Gone: no reason. Mend that, and run this again" in capsys.readouterr().err
    assert "data" in buckets()


def test_a_version_that_is_locked_is_told() -> None:
    class Locked:
        """S3 as it answers under Object Lock."""

        def get_paginator(self, _: str) -> "Locked":
            return self

        def paginate(self, **_: str) -> list[dict[str, Any]]:
            return [{"Versions": [{"Key": "a", "VersionId": "1"}]}]

        def delete_objects(self, **_: object) -> dict[str, Any]:
            return {"Errors": [{"Key": "a", "Message": "Access Denied because object protected by object lock."}]}

    with pytest.raises(TeardownError, match="audit: S3 keeps a: Access Denied because object protected"):
        empty_bucket(Locked(), "audit")
