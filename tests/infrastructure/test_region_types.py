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

ONE_RESOURCE = """
import sys
import aws_cdk as cdk

outdir, region, kind = sys.argv[1:]
app = cdk.App(outdir=outdir, analytics_reporting=False)
stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region=region))
cdk.CfnResource(stack, "Resource", type=kind)
app.synth()
"""


def synth(folder: Path, region: str, kind: str) -> subprocess.CompletedProcess[str]:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    command = [sys.executable, "-c", ONE_RESOURCE, str(folder), region, kind]
    environ = os.environ | {"CDK_CONTEXT_JSON": json.dumps(context)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("region", "kind"),
    [
        ("us-gov-west-1", "AWS::SageMaker::MlflowTrackingServer"),
        ("us-gov-west-1", "AWS::SageMaker::MonitoringSchedule"),
        ("us-gov-west-1", "AWS::EKS::FargateProfile"),
        *(("us-gov-east-1", kind) for kind in sorted(SAGEMAKER_ENDPOINT_TYPES)),
    ],
)
def test_a_type_that_the_region_lacks_ends_the_synth(tmp_path: Path, region: str, kind: str) -> None:
    run = synth(tmp_path, region, kind)
    assert run.returncode != 0
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
