"""Every claim is broken once in a real template: a claim that stays satisfied claims nothing."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance import permissions as may
from compliance import predicates as holds
from compliance.templates import Template, read_templates

ENDPOINT = "Atoll-Endpoint-card-anomaly"
Body = dict[str, Any]
Mutation = Callable[[dict[str, Template]], object]
Claim = Callable[[dict[str, Template]], Iterator[str]]


def one(templates: dict[str, Template], stack: str, kind: str, start: str = "") -> Body:
    """The properties of the first resource of a type whose logical id begins with `start`."""
    found = (
        body.setdefault("Properties", {})
        for name, body in templates[stack]["Resources"].items()
        if body["Type"] == kind and name.startswith(start)
    )
    return next(found)


def whole(templates: dict[str, Template], stack: str, kind: str) -> Body:
    return next(body for body in templates[stack]["Resources"].values() if body["Type"] == kind)


def statement(templates: dict[str, Template], stack: str, policy: str, effect: str, action: str) -> Body:
    """The first statement of a policy that has this effect on this action."""
    document = one(templates, stack, "AWS::IAM::ManagedPolicy", policy)["PolicyDocument"]
    return next(
        each
        for each in document["Statement"]
        if each["Effect"] == effect
        and action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    )


def drop(templates: dict[str, Template], stack: str, policy: str, effect: str, action: str) -> None:
    document = one(templates, stack, "AWS::IAM::ManagedPolicy", policy)["PolicyDocument"]
    document["Statement"].remove(statement(templates, stack, policy, effect, action))


EXECUTE = "cloudformation:ExecuteChangeSet"
CREATE = "cloudformation:CreateChangeSet"
CONTAINER = "ContainerDefinitions"
MUTATIONS: list[tuple[Claim, Mutation]] = [
    (
        holds.no_partition_is_spelled_out,
        lambda t: one(t, "Atoll-Foundation", "AWS::S3::Bucket").update(Note="arn:aws:s3:::a"),
    ),
    (
        holds.no_partition_is_spelled_out,
        lambda t: one(t, "Atoll-Foundation", "AWS::S3::Bucket").update(Note="s3.us-east-1.amazonaws.com"),
    ),
    (
        holds.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroupIngress").update(CidrIp="0.0.0.0/0"),
    ),
    (
        holds.no_rule_is_open,
        lambda t: one(t, "Atoll-Foundation", "AWS::EC2::SecurityGroup").update(
            SecurityGroupEgress=[{"CidrIpv6": "::/0", "IpProtocol": "-1"}]
        ),
    ),
    (
        holds.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Foundation", "AWS::S3::Bucket", "Data").pop("BucketEncryption"),
    ),
    (
        holds.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Release", "AWS::SQS::Queue").pop("KmsMasterKeyId"),
    ),
    (
        holds.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Release", "AWS::SNS::Topic").pop("KmsMasterKeyId"),
    ),
    (
        holds.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Tracking", "AWS::SecretsManager::Secret").pop("KmsKeyId"),
    ),
    (
        holds.everything_is_under_our_keys,
        lambda t: one(t, "Atoll-Registry", "AWS::ECR::Repository")["EncryptionConfiguration"].pop("KmsKey"),
    ),
    (
        holds.everything_is_under_our_keys,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::EndpointConfig").pop("KmsKeyId"),
    ),
    (holds.logs_are_kept, lambda t: one(t, "Atoll-Release", "AWS::Logs::LogGroup").pop("RetentionInDays")),
    (
        holds.the_balancer_is_internal_and_fips,
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::LoadBalancer").update(
            Scheme="internet-facing"
        ),
    ),
    (
        holds.the_balancer_is_internal_and_fips,
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::Listener").update(
            SslPolicy="ELBSecurityPolicy-2016-08"
        ),
    ),
    (
        holds.containers_are_confined,
        lambda t: one(t, "Atoll-Tracking", "AWS::ECS::TaskDefinition")[CONTAINER][0].update(User="root"),
    ),
    (
        holds.containers_are_confined,
        lambda t: one(t, "Atoll-Tracking", "AWS::ECS::TaskDefinition")[CONTAINER][0].update(Image="mlflow:latest"),
    ),
    (
        holds.models_are_isolated,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").update(EnableNetworkIsolation=False),
    ),
    (holds.models_are_isolated, lambda t: one(t, ENDPOINT, "AWS::SageMaker::Model").pop("VpcConfig")),
    (
        holds.endpoints_roll_back,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Endpoint")["DeploymentConfig"].pop("AutoRollbackConfiguration"),
    ),
    (
        holds.endpoints_roll_back,
        lambda t: one(t, ENDPOINT, "AWS::SageMaker::Endpoint").update(RetainAllVariantProperties=False),
    ),
    (
        holds.a_first_deployment_needs_no_model,
        lambda t: whole(t, ENDPOINT, "AWS::SageMaker::Endpoint").pop("Condition"),
    ),
    (
        holds.a_first_deployment_needs_no_model,
        lambda t: whole(t, ENDPOINT, "AWS::ApplicationAutoScaling::ScalableTarget").pop("Condition"),
    ),
    (
        holds.a_release_moves_four_parameters,
        lambda t: t[ENDPOINT]["Parameters"].update(InstanceType={"Type": "String", "Default": ""}),
    ),
    (
        holds.a_release_moves_four_parameters,
        lambda t: t[ENDPOINT]["Parameters"]["ImageDigest"].update(AllowedPattern=".*"),
    ),
    (
        holds.a_release_moves_four_parameters,
        lambda t: t[ENDPOINT]["Parameters"]["ManifestSha256"].update(Default="0" * 64),
    ),
    (may.every_role_is_on_the_path, lambda t: one(t, "Atoll-Release", "AWS::IAM::Role").pop("Path")),
    (may.every_role_is_bounded, lambda t: one(t, "Atoll-Training", "AWS::IAM::Role").pop("PermissionsBoundary")),
    (
        may.nobody_approves_own_work,
        lambda t: statement(t, "Atoll-Training", "Approver", "Deny", EXECUTE)["Condition"].update(
            StringLike={"cloudformation:ChangeSetName": "*-by-nobody-*"}, Null={}
        ),
    ),
    (may.nobody_approves_own_work, lambda t: drop(t, "Atoll-Training", "Approver", "Deny", EXECUTE)),
    (
        may.execution_is_by_name,
        lambda t: statement(t, "Atoll-Training", "Operator", "Allow", EXECUTE).pop("Condition"),
    ),
    (
        may.execution_is_by_name,
        lambda t: statement(t, "Atoll-Training", "Approver", "Allow", EXECUTE).update(Resource="*"),
    ),
    (
        may.no_function_moves_forward,
        lambda t: statement(t, "Atoll-Release", "ReleaseSettled", "Allow", EXECUTE)["Condition"].update(
            StringLike={"cloudformation:ChangeSetName": ["r-by-*"]}
        ),
    ),
    (
        may.change_sets_stay_within_the_fence,
        lambda t: statement(t, "Atoll-Release", "TrainingCompleted", "Allow", CREATE)["Condition"].pop("ArnEquals"),
    ),
    (
        may.change_sets_stay_within_the_fence,
        lambda t: drop(t, "Atoll-Release", "TrainingCompleted", "Deny", CREATE),
    ),
    *(
        (
            may.only_safe_jobs_start,
            lambda t, operator=operator: statement(
                t, "Atoll-Training", "TrainerJobs", "Allow", "sagemaker:CreateTrainingJob"
            )["Condition"].pop(operator),
        )
        for operator in (
            "Bool",
            "ArnEquals",
            "ForAllValues:StringEquals",
            "Null",
            "NumericLessThanEquals",
            "StringEquals",
        )
    ),
    (
        may.roles_are_passed_by_name,
        lambda t: statement(t, "Atoll-Training", "TrainerJobs", "Allow", "iam:PassRole").update(Resource="*"),
    ),
    (
        may.roles_are_passed_by_name,
        lambda t: statement(t, "Atoll-Training", "TrainerJobs", "Allow", "iam:PassRole").pop("Condition"),
    ),
]
ALL_CLAIMS = {*holds.CLAIMS, *may.CLAIMS, may.every_role_is_bounded}


@pytest.fixture(scope="session")
def intact(assembly: Callable[[str], Path]) -> dict[str, Template]:
    return read_templates(assembly("govcloud-west"))


@pytest.mark.parametrize(("claim", "mutation"), MUTATIONS, ids=lambda each: getattr(each, "__name__", "mutation"))
def test_a_broken_template_breaks_its_claim(claim: Claim, mutation: Mutation, intact: dict[str, Template]) -> None:
    assert list(claim(intact)) == []
    broken = copy.deepcopy(intact)
    mutation(broken)
    assert list(claim(broken)) != []


def test_every_claim_is_broken_by_some_mutation() -> None:
    assert {claim for claim, _ in MUTATIONS} == ALL_CLAIMS
