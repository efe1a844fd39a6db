"""What the synthesized policies of people allow and deny, by a policy evaluator (see `policies.py`): a table per role.

The evaluator isn't AWS's, so each refusal of a job is also taken apart: without its one condition it would be allowed.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.templates import read_templates
from tests.infrastructure.concrete import OUR_GROUP, OUR_SUBNETS, SAFE, Templates, concrete, named
from tests.infrastructure.people_cases import ARN
from tests.infrastructure.policies import Request, decision, output, policies_of
from tests.infrastructure.rights import ALL_CASES

JOBS = {
    "CreateTrainingJob": "training-job",
    "CreateProcessingJob": "processing-job",
    "CreateHyperParameterTuningJob": "hyper-parameter-tuning-job",
}
UNSAFE: dict[str, tuple[object, ...]] = {
    "sagemaker:NetworkIsolation": ("false",),
    "sagemaker:InterContainerTrafficEncryption": ("false",),
    "sagemaker:OutputKmsKey": (ARN.format("kms", "key/another"),),
    "sagemaker:VolumeKmsKey": (ARN.format("kms", "key/another"),),
    "sagemaker:VpcSubnets": (["subnet-another"], [OUR_SUBNETS, "subnet-another"]),
    "sagemaker:VpcSecurityGroupIds": (["sg-another"], [OUR_GROUP, "sg-another"]),
    "sagemaker:InstanceTypes": (["ml.p4d.24xlarge"], ["ml.m5.xlarge", "ml.g5.xlarge"]),
    "sagemaker:MaxRuntimeInSeconds": ("86401",),
}
WRONG = [(action, key, value) for action in JOBS for key in sorted(SAFE) for value in (*UNSAFE[key], None)]


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> Templates:
    return read_templates(assembly("govcloud-west"))


def job(templates: Templates, action: str, **changed: object) -> Request:
    """A safe job by alice, with some condition keys changed; None leaves a key away."""
    keys = {key: named(templates, changed.get(key, SAFE[key])) for key in sorted(SAFE)}
    return Request(
        action=f"sagemaker:{action}",
        resource=ARN.format("sagemaker", f"{JOBS[action]}/j-1"),
        keys={key: value for key, value in keys.items() if value is not None},
        tags={"atoll:uid": "alice", "atoll:model": "card-anomaly"},
    )


@pytest.mark.parametrize("action", JOBS)
def test_a_safe_job_under_the_own_id_starts(templates: Templates, action: str) -> None:
    assert decision(policies_of(templates, "Trainer"), job(templates, action)) == "Allow"


@pytest.mark.parametrize(("action", "key", "value"), WRONG)
def test_an_unsafe_job_cannot_start(templates: Templates, action: str, key: str, value: object) -> None:
    policies = policies_of(templates, "Trainer")
    unsafe = job(templates, action, **{key: value})
    assert decision(policies, unsafe) == "ImplicitDeny"
    assert decision([without(each, key) for each in policies], unsafe) == "Allow", "another condition refuses it"


@pytest.mark.parametrize("person", sorted(ALL_CASES))
def test_nobody_starts_a_batch_transform_even_of_our_own_models(templates: Templates, person: str) -> None:
    """RT-19: its action has no condition key for a network or an environment, and lends the model's role."""
    model = {"sagemaker:ModelArn": ARN.format("sagemaker", "model/Atoll-Endpoint-card-anomaly-AtollModel-1A2b")}
    asked = Request(
        action="sagemaker:CreateTransformJob",
        resource=ARN.format("sagemaker", "transform-job/j-1"),
        keys={key: named(templates, value) for key, value in (SAFE | model).items()},
        tags={"atoll:uid": "alice", "atoll:model": "card-anomaly"},
    )
    assert decision(policies_of(templates, person), asked) != "Allow"


def test_nobody_opens_a_shell_in_a_training_job(templates: Templates) -> None:
    asked = job(templates, "CreateTrainingJob")
    for debug, expected in (("true", "Deny"), ("false", "Allow")):
        request = replace(asked, keys={**asked.keys, "sagemaker:EnableRemoteDebug": debug})
        assert decision(policies_of(templates, "Trainer"), request) == expected


def without(policy: dict[str, Any], key: str) -> dict[str, Any]:
    bare = copy.deepcopy(policy)
    for statement in bare["Statement"]:
        for operator in statement.get("Condition", {}).values():
            operator.pop(key, None)
    return bare


@pytest.mark.parametrize("action", JOBS)
@pytest.mark.parametrize(
    ("uid", "tags", "expected"),
    [
        ("alice", {"atoll:uid": "bob"}, "ImplicitDeny"),
        ("alice", {"atoll:model": "card-anomaly"}, "ImplicitDeny"),
        ("alice", {}, "ImplicitDeny"),
        (None, {"atoll:uid": "alice"}, "Deny"),
        (None, {}, "Deny"),
    ],
)
def test_nobody_starts_a_job_under_another_id(
    templates: Templates, action: str, uid: str | None, tags: dict[str, str], expected: str
) -> None:
    request = replace(job(templates, action), uid=uid, tags=tags)
    assert decision(policies_of(templates, "Trainer"), request) == expected


@pytest.mark.parametrize(
    ("person", "request_", "allowed"),
    [(person, request, allowed) for person, cases in ALL_CASES.items() for request, allowed in cases],
)
def test_a_person_may_do_this_and_not_that(
    templates: Templates, person: str, request_: Request, *, allowed: bool
) -> None:
    outcome = decision(policies_of(templates, person), concrete(templates, request_))
    assert (outcome == "Allow") == allowed, f"{person}: {outcome}"


def test_the_trainer_hands_job_roles_to_sagemaker_alone(templates: Templates) -> None:
    policies = policies_of(templates, "Trainer")
    for role in ("EtlJobRoleArn", "TrainingJobRoleArn", "ScoringJobRoleArn"):
        passing = Request(action="iam:PassRole", resource=output(templates, "Atoll-Training", role))
        to = {
            service: replace(passing, keys={"iam:PassedToService": f"{service}.amazonaws.com"})
            for service in ("sagemaker", "lambda")
        }
        assert decision(policies, to["sagemaker"]) == "Allow"
        assert decision(policies, to["lambda"]) == "ImplicitDeny"
    fence = output(templates, "Atoll-Release", "EndpointServiceRoleArn")
    for service in ("sagemaker", "cloudformation"):
        request = Request(
            action="iam:PassRole", resource=fence, keys={"iam:PassedToService": f"{service}.amazonaws.com"}
        )
        assert decision(policies, request) == "ImplicitDeny"
