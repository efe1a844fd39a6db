"""Who may sign and verify released models, read what jobs wrote, and take a job's role."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path
from typing import Any

import pytest

from compliance.templates import Template, read_templates
from tests.infrastructure.policies import output, resolved
from tests.infrastructure.test_function_policies import ASKS, HEARS, SETTLES, allowed, policies_of

Templates = dict[str, Template]
DIGEST = {"kms:MessageType": "DIGEST", "kms:SigningAlgorithm": "ECDSA_SHA_256"}


@pytest.fixture(scope="module")
def templates(assembly: Callable[[str], Path]) -> Templates:
    return read_templates(assembly("govcloud-west"))


def statements(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every identity policy's statements, with the policy's id."""
    for stack, body in templates.items():
        for name, resource in body["Resources"].items():
            if resource["Type"] in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"}:
                for statement in resolved(templates, stack, resource["Properties"]["PolicyDocument"]["Statement"]):
                    yield name, statement


def listed(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)]


@pytest.mark.parametrize("function", [ASKS, SETTLES, HEARS])
def test_one_function_signs_and_those_that_release_verify(templates: Templates, function: str) -> None:
    key = output(templates, "Atoll-Foundation", "SigningKeyArn")
    assert allowed(templates, function, "kms:Sign", key, **DIGEST) == (function == ASKS)
    assert allowed(templates, function, "kms:Verify", key, **DIGEST) == (function in {ASKS, SETTLES})


@pytest.mark.parametrize(
    "keys", [{}, DIGEST | {"kms:MessageType": "RAW"}, DIGEST | {"kms:SigningAlgorithm": "ECDSA_SHA_512"}]
)
def test_only_digests_are_signed_and_by_one_algorithm(templates: Templates, keys: dict[str, str]) -> None:
    key = output(templates, "Atoll-Foundation", "SigningKeyArn")
    assert not allowed(templates, ASKS, "kms:Sign", key, **keys)


def test_nobody_else_in_any_stack_signs(templates: Templates) -> None:
    signers = {
        name
        for name, statement in statements(templates)
        if statement["Effect"] == "Allow" and any(fnmatch("kms:Sign", action) for action in listed(statement["Action"]))
    }
    assert len(signers) == 1
    assert signers.pop().startswith(ASKS)


def test_the_signing_key_signs_and_does_nothing_else(templates: Templates) -> None:
    keys = [
        resource["Properties"]
        for resource in templates["Atoll-Foundation"]["Resources"].values()
        if resource["Type"] == "AWS::KMS::Key" and resource["Properties"].get("KeyUsage") == "SIGN_VERIFY"
    ]
    assert [key["KeySpec"] for key in keys] == ["ECC_NIST_P256"]


def test_versions_are_listed_and_read_where_jobs_write_and_in_the_record_and_nowhere_else(templates: Templates) -> None:
    bucket = output(templates, "Atoll-Foundation", "DataBucket").replace(">", ".Arn>")
    listing = {"s3:prefix": "jobs/a/output/model.tar.gz"}
    assert allowed(templates, ASKS, "s3:ListBucketVersions", bucket, **listing)
    assert not allowed(templates, ASKS, "s3:ListBucketVersions", bucket, **{"s3:prefix": "ledgers/"})
    assert not allowed(templates, ASKS, "s3:ListBucketVersions", bucket)
    assert not allowed(templates, SETTLES, "s3:ListBucketVersions", bucket, **listing)
    documents = policies_of(templates, ASKS)
    read = [s for document in documents for s in document["Statement"] if "s3:GetObjectVersion" in listed(s["Action"])]
    places = {each.rpartition("/")[0].replace(".Arn>", ">") for s in read for each in listed(s["Resource"])}
    record = output(templates, "Atoll-Foundation", "AuditBucket")
    data = output(templates, "Atoll-Foundation", "DataBucket")
    assert places == {f"{data}/jobs", *(f"{record}/{prefix}" for prefix in ("audit", "chain", "checkpoint", "reasons"))}


def test_nobody_deletes_a_version_of_what_a_job_wrote(templates: Templates) -> None:
    deleters = [
        (name, action)
        for name, statement in statements(templates)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if fnmatch("s3:DeleteObjectVersion", action) or action == "s3:PutBucketVersioning"
    ]
    assert deleters == []


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("TrainingJobRoleArn", "training-job"),
        ("EtlJobRoleArn", "processing-job"),
        ("ScoringJobRoleArn", "processing-job"),
    ],
)
def test_a_jobs_role_serves_its_own_kind_of_job_alone(templates: Templates, role: str, kind: str) -> None:
    name = templates["Atoll-Training"]["Outputs"][role]["Value"]["Fn::GetAtt"][0]
    trust = templates["Atoll-Training"]["Resources"][name]["Properties"]["AssumeRolePolicyDocument"]
    (statement,) = resolved(templates, "Atoll-Training", trust)["Statement"]
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"].endswith(f":{kind}/*")
