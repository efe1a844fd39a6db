"""Probes of the synthesized policies (tests/faults/probes): what govcloud-west's templates let whom do."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy

from compliance.templates import Template, read_templates
from tests.faults.probes.outcome import refused
from tests.infrastructure.policies import (
    ACCOUNT,
    PARTITION,
    REGION,
    Request,
    decision,
    output,
    policies_of,
    resolved,
    role_of,
)

Templates = dict[str, Template]
BROKER = f"arn:{PARTITION}:iam::444455556666:role/IdentityBroker"
ARN = f"arn:{PARTITION}:{{}}:{REGION}:{ACCOUNT}:{{}}"


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> Templates:
    return read_templates(assembly("govcloud-west"))


def resources_of(templates: Templates, kind: str) -> list[tuple[str, Any]]:
    """Every resource of a kind, with its stack's name, its references resolved."""
    return [
        (name, resolved(templates, stack, body["Properties"]))
        for stack, template in templates.items()
        for name, body in template["Resources"].items()
        if body["Type"] == kind
    ]


def test_rt_14_a_session_is_called_as_the_person_is(templates: Templates) -> None:
    trust = resolved(templates, "Atoll-Training", role_of(templates, "Approver")["AssumeRolePolicyDocument"])
    asked = EvalContext(
        principal_arn=BROKER,
        principal_type="Role",
        principal_account="444455556666",
        action="sts:AssumeRole",
        resource_arn="*",
        region=REGION,
        request_tags={"uid": "mallory"},
        tag_keys=["uid"],
        service_context={"sts:rolesessionname": "carol"},
    )
    refused(not evaluate_trust_policy(trust, BROKER, asked), "mallory becomes approver in a session called carol")


def test_rt_19_nobody_starts_a_transform_of_any_model(templates: Templates) -> None:
    key = output(templates, "Atoll-Foundation", "JobKeyArn")
    keys = {
        "sagemaker:OutputKmsKey": key,
        "sagemaker:VolumeKmsKey": key,
        "sagemaker:InstanceTypes": ["ml.m5.xlarge"],
        "sagemaker:ModelArn": ARN.format("sagemaker", "model/another-teams"),
    }
    asked = Request(
        action="sagemaker:CreateTransformJob",
        resource=ARN.format("sagemaker", "transform-job/j-1"),
        keys=keys,
        tags={"atoll:uid": "alice", "atoll:model": "card-anomaly"},
    )
    refused(decision(policies_of(templates, "Trainer"), asked) != "Allow", "a trainer runs another team's model")


def test_rt_24_the_trail_records_what_decides_and_what_is_evidence(templates: Templates) -> None:
    ((_, trail),) = resources_of(templates, "AWS::CloudTrail::Trail")
    selected = json.dumps(trail.get("EventSelectors", []) + trail.get("AdvancedEventSelectors", []))
    whole = re.search(r'"<Atoll-Foundation\.Audit\w*\.Arn>/"', selected)
    data = [re.search(rf'"<Atoll-Foundation\.Data\w*\.Arn>/{each}/"', selected) for each in ("features", "jobs")]
    refused(whole and all(data), f"data events: {selected}")


def test_rt_25_what_reads_trainers_files_holds_no_secret(templates: Templates) -> None:
    policies = resources_of(templates, "AWS::IAM::ManagedPolicy") + resources_of(templates, "AWS::IAM::Policy")
    found = [name for name, body in policies if name.startswith("BatchScored") and "GetSecretValue" in json.dumps(body)]
    refused(not found, f"{found} may read MLflow's administrator")


def test_rt_27_people_are_subscribed_by_mail_alone(templates: Templates) -> None:
    topic = ARN.format("sns", "Atoll-Release-Topic0A1B-2c")
    elsewhere = {"sns:Protocol": "https", "sns:Endpoint": "https://evil.example/"}
    asked = Request(action="sns:Subscribe", resource=topic, keys=elsewhere)
    found = decision(policies_of(templates, "Administrator"), asked)
    refused(found != "Allow", "an administrator has everything sent to https://evil.example/")
