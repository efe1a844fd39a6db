import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance import permissions, serving
from compliance.accepted import DEVELOPMENT_ONLY
from compliance.findings import REGISTER_FILE
from compliance.pack import RULES
from compliance.report import judge
from compliance.synth import ROOT
from compliance.templates import Template, resources
from stacks.components.record import WRITERS
from tests.patience import PATIENCE

Assembly = Callable[[str], Path]

OUTPUTS = {
    "Atoll-Foundation": {
        "DataBucket",
        "ReleaseBucket",
        "AuditBucket",
        "JobSubnetIds",
        "JobSecurityGroupId",
        "JobKeyArn",
        "SigningKeyArn",
    },
    "Atoll-Registry": {"ModelImageUri", "EtlImageUri", "EtlEngine"},
    "Atoll-Tracking": {"TrackingUrl", "TrackingAdminSecretArn"},
    "Atoll-Training": {
        "EtlJobRoleArn",
        "TrainingJobRoleArn",
        "ScoringJobRoleArn",
        "TrainerRoleArn",
        "ApproverRoleArn",
        "OperatorRoleArn",
        "AuditorRoleArn",
        "AdministratorRoleArn",
    },
    "Atoll-Release": {
        "NotificationTopicArn",
        "TrainingCompletedFunction",
        "ReleaseSettledFunction",
        "ChangeSetExecutedFunction",
        "ChangeSetDeletedFunction",
        "ReconcileFunction",
        "WayBackAskedFunction",
        "FunctionInvokedFunction",
        "EndpointServiceRoleArn",
        "TrainingCompletedRule",
        "DeadLetterQueueUrl",
        "Models",
    },
    "Atoll-Endpoint-card-anomaly": {"EndpointName"},
    "Atoll-Monitoring": {"BatchScoredFunction"},
}


def settings(environment: str) -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "environments" / f"{environment}.toml").read_text())


@pytest.mark.parametrize("claim", RULES, ids=lambda claim: claim.__name__)
def test_every_claim_holds_in_every_environment(claim: Callable, templates: dict[str, Template]) -> None:
    assert list(claim(templates)) == []


def test_every_role_is_bounded_where_the_settings_name_a_boundary(
    templates: dict[str, Template], environment: str
) -> None:
    boundary = settings(environment)["identity"].get("permissions_boundary")
    unbounded = list(permissions.every_role_is_bounded(templates))
    roles = list(resources(templates, "AWS::IAM::Role"))
    assert len(unbounded) == (0 if boundary else len(roles))
    assert all(f"policy/{boundary}" in str(role.properties["PermissionsBoundary"]) for role in roles if boundary)


def test_every_role_has_the_agencys_path_and_the_start_of_its_name(
    templates: dict[str, Template], environment: str
) -> None:
    identity = settings(environment)["identity"]
    prefix, names = identity.get("role_name_prefix", ""), []
    region = settings(environment)["deployment"]["region"]
    writers = {f"{prefix}Atoll-{name}-{region}" for each in WRITERS.values() for name in each}  # a bucket names them
    for role in resources(templates, "AWS::IAM::Role"):
        assert role.properties["Path"] == identity.get("role_path", "/atoll/"), role.place
        derived = role.stack == "Atoll-Release" and role.properties.get("RoleName") in writers
        assert ("RoleName" in role.properties) == (bool(prefix) or derived), role.place
        names.append(role.properties.get("RoleName", role.place))
    assert all(name.startswith(prefix) and len(name) <= 64 for name in names)
    assert len(set(names)) == len(names)


def test_a_rule_pack_objects_to_nothing(assembly: Assembly, environment: str) -> None:
    verdict = judge(assembly(environment))
    assert verdict.objections == ()
    assert verdict.reasons <= 12


def test_what_development_may_lack_production_has(assembly: Assembly, environment: str) -> None:
    register = json.loads((assembly(environment) / REGISTER_FILE).read_text())
    lacking = [entry for entry in register if entry["acceptance"]["reason"] == DEVELOPMENT_ONLY.reason]
    assert bool(lacking) != settings(environment)["deployment"]["production"]


def test_two_syntheses_are_byte_for_byte_the_same_wherever_the_code_lies(assembly: Assembly, tmp_path: Path) -> None:
    elsewhere = tmp_path / "another" / "clone"
    for room in (
        "stacks",
        "compliance",
        "lambdas",
        "model_code",
        "mlflow_server",
        "provision",
        "environments",
        "build/lambdas/local",
    ):
        shutil.copytree(ROOT / room, elsewhere / room, copy_function=shutil.copyfile)  # with new times
    for file in ("app.py", "cdk.json"):
        shutil.copyfile(ROOT / file, elsewhere / file)
    first, again = assembly("local"), elsewhere / "build" / "cdk.out"
    environ = os.environ | {"ATOLL_ENVIRONMENT": "local", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        ["cdk", "synth", "--quiet", "--no-notices"], cwd=elsewhere, env=environ, timeout=PATIENCE, check=True
    )
    names = {path.name for path in first.iterdir()}
    assert names == {path.name for path in again.iterdir()}
    files = [name for name in sorted(names) if (first / name).is_file()]
    assert [name for name in files if (first / name).read_bytes() != (again / name).read_bytes()] == []


def test_stacks_publish_what_the_contract_says(templates: dict[str, Template]) -> None:
    for stack, expected in OUTPUTS.items():
        if stack in templates:
            published = {key for key in templates[stack]["Outputs"] if not key.startswith("ExportsOutput")}
            also = {"NotificationTopicArn"} if stack == "Atoll-Tracking" and "Atoll-Release" not in templates else set()
            assert published == expected | also, stack


def test_an_environment_without_models_has_no_release_path(templates: dict[str, Template], environment: str) -> None:
    has_models = "models" in settings(environment)
    assert ("Atoll-Release" in templates) == has_models
    assert any(stack.startswith("Atoll-Endpoint-") for stack in templates) == has_models


def test_no_stack_waits_for_an_endpoint(assembly: Assembly, environment: str) -> None:
    manifest = json.loads((assembly(environment) / "manifest.json").read_text())
    others = {name: body for name, body in manifest["artifacts"].items() if not name.startswith("Atoll-Endpoint-")}
    for name, artifact in others.items():
        assert not [each for each in artifact.get("dependencies", []) if each.startswith("Atoll-Endpoint-")], name


def test_the_cli_can_read_what_the_library_writes(assembly: Assembly) -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["dependencies"]["aws-cdk"]
    needed = json.loads((assembly("local") / "manifest.json").read_text())["minimumCliVersion"]
    assert _version(pinned) >= _version(needed)


def test_the_runbooks_that_alarms_name_are_there(templates: dict[str, Template]) -> None:
    for alarm in resources(templates, "AWS::CloudWatch::Alarm"):
        [page] = re.findall(r"docs/runbooks/\S+", alarm.properties["AlarmDescription"])
        assert (ROOT / page).is_file(), alarm.place


def test_an_endpoint_stack_needs_nothing_that_its_narrow_role_lacks(templates: dict[str, Template]) -> None:
    allowed = ("AWS::SageMaker::", "AWS::ApplicationAutoScaling::", "AWS::CloudWatch::Alarm")
    for stack in (each for each in templates if each.startswith("Atoll-Endpoint-")):
        only = {stack: templates[stack]}
        assert list(resources(only)) == list(resources(only, *allowed))
        assert "Rules" not in templates[stack]


def test_production_protects_what_holds_state(templates: dict[str, Template], environment: str) -> None:
    if settings(environment)["deployment"]["production"]:
        for bucket in resources(templates, "AWS::S3::Bucket"):
            assert templates[bucket.stack]["Resources"][bucket.logical_id]["DeletionPolicy"] == "RetainExceptOnCreate"
        balancer = next(resources(templates, "AWS::ElasticLoadBalancingV2::LoadBalancer"))
        attributes = {each["Key"]: each["Value"] for each in balancer.properties["LoadBalancerAttributes"]}
        assert attributes["deletion_protection.enabled"] == "true"


def test_parameters_refuse_a_tag_in_place_of_a_digest() -> None:
    assert serving.PARAMETERS["ImageDigest"] == "^$|^sha256:[0-9a-f]{64}$"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
