"""What IAM means for the local SageMaker, on the real emulator."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.cloud import ACCOUNT
from tests.contract.sagemaker.scene import PEOPLE_TRUST, SERVICE_TRUST, Scene


def test_a_call_without_the_right_is_denied(scene: Scene) -> None:
    nobody = scene.person({"Action": "s3:*", "Resource": "*"}).client("sagemaker")
    with pytest.raises(ClientError) as error:
        nobody.create_training_job(**scene.training())
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "sagemaker:CreateTrainingJob on resource: arn:aws:sagemaker" in error.value.response["Error"]["Message"]


def test_a_role_that_the_caller_may_not_pass_is_denied(scene: Scene) -> None:
    trainer = scene.person({"Action": "sagemaker:CreateTrainingJob", "Resource": "*"}).client("sagemaker")
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {scene.role}"):
        trainer.create_training_job(**scene.training())


def test_a_role_that_sagemaker_may_not_assume_is_refused(scene: Scene) -> None:
    with pytest.raises(ClientError, match="Could not assume role"):
        scene.sagemaker.create_training_job(**scene.training(RoleArn=scene.make_role(PEOPLE_TRUST)))
    with pytest.raises(ClientError, match="no such IAM role"):
        scene.sagemaker.create_training_job(**scene.training(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/ghost"))


def test_a_role_of_one_kind_of_job_is_refused_to_another(scene: Scene) -> None:
    for kind, right in (("training-job", True), ("processing-job", False)):
        arn = f"arn:aws:sagemaker:*:{ACCOUNT}:{kind}/*"
        condition = {"ArnLike": {"aws:SourceArn": arn}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
        role = scene.make_role(SERVICE_TRUST | {"Condition": condition})
        if right:
            scene.sagemaker.create_training_job(**scene.training(RoleArn=role))
        else:
            with pytest.raises(ClientError, match="Could not assume role"):
                scene.sagemaker.create_training_job(**scene.training(RoleArn=role))
    strange = scene.make_role(SERVICE_TRUST | {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}})
    with pytest.raises(ClientError, match="Could not assume role"):
        scene.sagemaker.create_training_job(**scene.training(RoleArn=strange))


def test_tags_on_creation_need_their_own_right(scene: Scene) -> None:
    passing = {"Action": "iam:PassRole", "Resource": scene.role}
    create = {"Action": "sagemaker:CreateTrainingJob", "Resource": "*"}
    tagging = {
        "Action": "sagemaker:AddTags",
        "Resource": "*",
        "Condition": {"StringEquals": {"sagemaker:TaggingAction": "CreateTrainingJob"}},
    }
    tags = [{"Key": "atoll:uid", "Value": "alice"}]
    with pytest.raises(ClientError, match="sagemaker:AddTags"):
        scene.person(create, passing).client("sagemaker").create_training_job(**scene.training(Tags=tags))
    trainer = scene.person(create, passing, tagging).client("sagemaker")
    arn = trainer.create_training_job(**scene.training(Tags=tags))["TrainingJobArn"]
    assert scene.sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags
    with pytest.raises(ClientError, match="sagemaker:AddTags"):
        trainer.add_tags(ResourceArn=arn, Tags=tags)


ISOLATED = {
    "EnableNetworkIsolation": True,
    "EnableInterContainerTrafficEncryption": True,
    "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "Tags": [{"Key": "atoll:uid", "Value": "alice"}],
}
CONDITION = {
    "Bool": {"sagemaker:NetworkIsolation": "true", "sagemaker:InterContainerTrafficEncryption": "true"},
    "ForAllValues:StringEquals": {"sagemaker:VpcSubnets": ["subnet-1"], "sagemaker:VpcSecurityGroupIds": ["sg-1"]},
    "ForAnyValue:StringLike": {"sagemaker:InstanceTypes": ["ml.m5.*"]},
    "NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds": "60"},
    "StringEquals": {"aws:RequestTag/atoll:uid": "${aws:PrincipalTag/uid}"},
    "Null": {"sagemaker:VpcSubnets": "false"},
}


@pytest.mark.parametrize(
    "unsafe",
    [
        {"EnableNetworkIsolation": False},
        {"EnableInterContainerTrafficEncryption": False},
        {"VpcConfig": {"Subnets": ["subnet-2"], "SecurityGroupIds": ["sg-1"]}},
        {"StoppingCondition": {"MaxRuntimeInSeconds": 61}},
        {"ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}},
        {"Tags": [{"Key": "atoll:uid", "Value": "bob"}]},
        {"Tags": []},
    ],
)
def test_an_unsafe_job_is_denied_by_its_condition_keys(scene: Scene, unsafe: dict) -> None:
    trainer = scene.person(
        {"Action": "sagemaker:CreateTrainingJob", "Resource": "*", "Condition": CONDITION},
        {"Action": "sagemaker:AddTags", "Resource": "*"},
        {"Action": "iam:PassRole", "Resource": scene.role},
    ).client("sagemaker")
    trainer.create_training_job(**scene.training(**ISOLATED))
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:CreateTrainingJob"):
        trainer.create_training_job(**scene.training(**ISOLATED | unsafe))
