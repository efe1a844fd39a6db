import os
import subprocess
import sys
from pathlib import Path

import pytest

from compliance.groups import no_rule_is_open
from compliance.synth import ROOT, SynthError, synthesize
from compliance.templates import Template, resources
from stacks.settings import load
from tests.limits.deployments import templates_of
from tests.patience import PATIENCE


def settings_with(tmp_path: Path, environment: str, **replaced: str) -> Path:
    """Copy an environment's file with some of its lines replaced, found by how they begin."""
    lines = (ROOT / "environments" / f"{environment}.toml").read_text().splitlines()
    for start, line in replaced.items():
        lines = [line if each.startswith(f"{start} =") else each for each in lines]
    path = tmp_path / "environment.toml"
    path.write_text("\n".join(lines))
    return path


def built(path: Path) -> dict[str, Template]:
    """The templates of a settings file; that the packs pass such deployments is shown elsewhere."""
    return templates_of(load(str(path)))


def test_a_wrong_setting_ends_in_one_sentence_within_seconds(tmp_path: Path) -> None:
    path = settings_with(tmp_path, "local", port="port = 0")
    environ = os.environ | {"ATOLL_ENVIRONMENT": str(path)}
    command = [sys.executable, "app.py"]
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("atoll: ")
    assert "tracking.port = '0'" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_the_first_of_two_deployments_needs_no_image(tmp_path: Path) -> None:
    path = settings_with(tmp_path, "govcloud-west", digests='digests = "pending"', model="", serving="", mlflow="")
    templates = built(path)
    assert set(templates) == {"Atoll-Foundation", "Atoll-Registry"}
    assert "ModelImageUri" not in templates["Atoll-Registry"].get("Outputs", {})


def test_the_local_cloud_may_choose_mlflows_port(tmp_path: Path) -> None:
    path = settings_with(tmp_path, "local", port="port = 50123")
    tracking = built(path)["Atoll-Tracking"]
    assert tracking["Outputs"]["TrackingUrl"]["Value"] == "https://localhost:50123"


def test_production_without_images_is_told_of_two_steps(tmp_path: Path) -> None:
    path = settings_with(tmp_path, "govcloud-west", model="")
    with pytest.raises(SynthError, match="two steps"):
        synthesize(str(path), tmp_path / "assembly")


SPARK = f"sha256:{'5' * 64}"


@pytest.mark.parametrize(
    ("etl", "engine", "digest"),
    [
        ("", "duckdb", f"sha256:{'0' * 64}"),
        (f'[etl]\nengine = "spark"\nimage = "{SPARK}"\n', "spark", SPARK),
    ],
    ids=["duckdb", "spark"],
)
def test_the_settings_choose_the_engine_and_the_image_of_etl(
    tmp_path: Path, etl: str, engine: str, digest: str
) -> None:
    path = settings_with(tmp_path, "govcloud-west")
    path.write_text(f"{path.read_text()}\n{etl}")
    outputs = built(path)["Atoll-Registry"]["Outputs"]
    assert outputs["EtlEngine"]["Value"] == engine
    assert f"@{digest}" in str(outputs["EtlImageUri"]["Value"])
    assert f"@sha256:{'0' * 64}" in str(outputs["ModelImageUri"]["Value"])


def test_jobs_may_talk_to_each_other_where_the_settings_say_so_and_to_nobody_else(tmp_path: Path) -> None:
    open_to_itself = 'cidr = "10.40.0.0/16"\nseveral_instances = true'
    path = settings_with(tmp_path, "govcloud-west", cidr=open_to_itself)
    templates = built(path)
    assert list(no_rule_is_open(templates)) == []
    jobs = templates["Atoll-Foundation"]["Outputs"]["JobSecurityGroupId"]["Value"]
    rules = list(resources(templates, "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"))
    wide = [
        rule.properties for rule in rules if rule.properties["FromPort"] != 443 and jobs in rule.properties.values()
    ]
    assert sorted((rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in wide) == sorted(
        2 * [("tcp", 0, 65535), ("udp", 500, 500), ("50", 50, 50)]
    )
    for rule in wide:
        assert rule["GroupId"] == jobs
        assert jobs in (rule.get("SourceSecurityGroupId"), rule.get("DestinationSecurityGroupId"))
