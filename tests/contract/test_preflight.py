"""The preflight command against the local AWS, as an operator runs it: before the first deployment, and after mends.

The local AWS has no Service Quotas and knows few endpoint services: both stay findings here, which is the truth.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from compliance.synth import ROOT
from local.cloud import LocalCloud
from stacks.settings import load
from tests.patience import PATIENCE

BOUNDARY = "agency/WorkloadBoundary"


def settings_file(folder: Path) -> Path:
    """The local deployment's settings, with a boundary and the images' digests as an agency has them."""
    shipped = (ROOT / "environments" / "local.toml").read_text(encoding="utf-8")
    pinned = "\n".join(f'{name} = "sha256:{"0" * 64}"' for name in ("model", "serving", "mlflow"))
    changed = shipped.replace('digests = "code"', f'digests = "pinned"\n{pinned}')
    path = folder / "agency.toml"
    path.write_text(changed.replace("[identity]", f'[identity]\npermissions_boundary = "{BOUNDARY}"'), encoding="utf-8")
    return path


def preflight(cloud: LocalCloud, settings: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "compliance", "preflight", "--environment", str(settings), *options]
    environ = {**os.environ, **cloud.environment}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)


def findings(cloud: LocalCloud, settings: Path) -> dict[str, dict[str, Any]]:
    run = preflight(cloud, settings, "--json")
    assert run.returncode == 1, run.stderr
    return {each["subject"]: each for each in json.loads(run.stdout)}


def test_the_preflight_sees_what_is_missing_and_what_was_mended(cloud: LocalCloud, tmp_path: Path) -> None:
    settings = settings_file(tmp_path)
    before = findings(cloud, settings)
    assert before["account"]["ok"]
    assert before["zones"]["ok"]
    assert before["prefix list of S3"]["ok"], before["prefix list of S3"]
    assert before["endpoint kms"]["ok"], before["endpoint kms"]
    assert not before["endpoint sagemaker.api"]["ok"]
    assert not before["quotas"]["ok"]
    missing = ("permissions boundary", "certificate", "image model", "image mlflow")
    assert [subject for subject in missing if before[subject]["ok"]] == []

    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    cloud.client("iam").create_policy(
        PolicyName="WorkloadBoundary", Path="/agency/", PolicyDocument=json.dumps(everything)
    )
    cloud.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="27", Type="String", Overwrite=True
    )
    after = findings(cloud, settings)
    assert after["permissions boundary"]["ok"], after["permissions boundary"]
    assert after["CDK bootstrap"]["ok"], after["CDK bootstrap"]


def test_a_person_reads_what_to_do(cloud: LocalCloud, tmp_path: Path) -> None:
    run = preflight(cloud, settings_file(tmp_path))
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "push the image to atoll/model, or mend images.model" in run.stdout
    assert load(str(settings_file(tmp_path))).tracking.domain in run.stdout


def test_wrong_settings_end_in_one_sentence(cloud: LocalCloud) -> None:
    run = preflight(cloud, Path("nowhere.toml"))
    assert run.returncode == 1
    assert run.stderr.startswith("atoll: nowhere.toml: No such file")
    assert len(run.stderr.splitlines()) == 1
