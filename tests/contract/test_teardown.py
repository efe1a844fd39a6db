"""The teardown command on a local AWS of its own, as a developer runs it: stacks go with what would block them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance.synth import ROOT
from local.cloud import LocalCloud
from tests.patience import PATIENCE

VERSIONED = {"VersioningConfiguration": {"Status": "Enabled"}}
FOUNDATION = {
    "Data": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete", "Properties": VERSIONED},
    "Audit": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": VERSIONED},
}
REGISTRY = {"Model": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "atoll/model"}}}


@pytest.fixture
def alone(tmp_path: Path, settings_file: Path) -> Iterator[LocalCloud]:
    """A local AWS of its own: the other tests' has stacks of theirs."""
    with LocalCloud(tmp_path / "cloud", settings=settings_file) as running:
        yield running


def deploy(cloud: LocalCloud, name: str, resources: dict[str, Any]) -> dict[str, str]:
    """Create a stack; its physical ids by logical id."""
    client = cloud.client("cloudformation")
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    listed = client.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


def teardown(cloud: LocalCloud, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "teardown", "--environment", "local", *words]
    environ = {**os.environ, **cloud.environment}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_a_full_development_deployment_goes_but_for_what_is_retained(alone: LocalCloud) -> None:
    buckets = deploy(alone, "Atoll-Foundation", FOUNDATION)
    deploy(alone, "Atoll-Registry", REGISTRY)
    s3 = alone.client("s3")
    for name in buckets.values():
        for version in (b"1", b"2"):
            s3.put_object(Bucket=name, Key="ledgers/a", Body=version)
        s3.delete_object(Bucket=name, Key="ledgers/a")

    said = teardown(alone)
    assert said.returncode == 0, said.stderr
    assert f"stays:   AWS::S3::Bucket {buckets['Audit']}" in said.stdout
    assert s3.list_object_versions(Bucket=buckets["Data"])["Versions"]

    done = teardown(alone, "--delete", "local")
    assert done.returncode == 0, done.stderr
    assert "Atoll-Foundation is gone" in done.stdout
    assert {each["Name"] for each in s3.list_buckets()["Buckets"]} == {buckets["Audit"]}
    assert len(s3.list_object_versions(Bucket=buckets["Audit"])["Versions"]) == 2
    assert teardown(alone, "--delete", "local").stdout.startswith("nothing is deployed")
