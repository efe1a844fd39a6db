"""Types that a region lacks end the synth: CDK's own template validation is on and gates, in every region of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.synth import ROOT
from stacks.regions import PROFILES, SAGEMAKER_ENDPOINT_TYPES
from tests.patience import PATIENCE

TYPES = """
import sys
import aws_cdk as cdk

outdir, region, *kinds = sys.argv[1:]
app = cdk.App(outdir=outdir, analytics_reporting=False)
stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region=region))
for number, kind in enumerate(kinds):
    cdk.CfnResource(stack, f"Resource{number}", type=kind)
app.synth()
"""
WEST = ("AWS::SageMaker::MlflowTrackingServer", "AWS::SageMaker::MonitoringSchedule", "AWS::EKS::FargateProfile")


def synth(folder: Path, region: str, *kinds: str) -> subprocess.CompletedProcess[str]:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    command = [sys.executable, "-c", TYPES, str(folder), region, *kinds]
    environ = os.environ | {"CDK_CONTEXT_JSON": json.dumps(context)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize(
    ("region", "kinds"),
    [
        ("us-gov-west-1", WEST),
        ("us-gov-west-1", WEST[:1]),
        ("us-gov-east-1", tuple(sorted(SAGEMAKER_ENDPOINT_TYPES))),
    ],
)
def test_types_that_the_region_lacks_end_the_synth_and_each_is_named(
    tmp_path: Path, region: str, kinds: tuple[str, ...]
) -> None:
    run = synth(tmp_path, region, *kinds)
    assert run.returncode != 0
    for kind in kinds:
        assert f"'{kind}' does not exist in '{region}'" in run.stdout + run.stderr


def test_a_type_that_the_region_has_does_not(tmp_path: Path) -> None:
    run = synth(tmp_path, "us-gov-west-1", "AWS::SNS::Topic")
    assert run.returncode == 0, run.stderr


def test_every_environment_was_validated_against_its_region(assembly: Callable[[str], Path], environment: str) -> None:
    report = json.loads((assembly(environment) / "validation-report.json").read_text())
    assert "CloudFormation Validate" in {plugin["pluginName"] for plugin in report["pluginReports"]}
    stacks = json.loads((assembly(environment) / "manifest.json").read_text())["artifacts"].values()
    homes = {each["environment"].rpartition("/")[2] for each in stacks if each["type"] == "aws:cloudformation:stack"}
    assert homes <= set(PROFILES)
    assert len(homes) == 1
