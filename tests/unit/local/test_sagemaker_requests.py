"""What the local SageMaker makes of requests: AWS's model, its own limits, casting, condition keys."""

import pytest

from local.rights.identity import Right
from local.rights.sagemaker_keys import condition_keys
from local.sagemaker import shapes
from local.sagemaker.authorization import rights
from local.sagemaker.errors import InvalidRequestError, ServiceError
from local.sagemaker.operations import HONOURED, check
from local.sagemaker.records import ENDPOINT, MODEL, TRAINING_JOB, Records

ROLE = "arn:aws:iam::000000000000:role/job"
TRAINING = {
    "TrainingJobName": "t",
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
}


def test_a_request_that_aws_allows_passes() -> None:
    check("CreateTrainingJob", TRAINING)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"Colour": "red"}, r"the member CreateTrainingJob\.Colour"),
        ({"ResourceConfig": {"Wheels": 4}}, r"the member CreateTrainingJob\.ResourceConfig\.Wheels"),
        ({"InputDataConfig": [{"ChannelName": "a", "Odd": 1}]}, r"InputDataConfig\[0\]\.Odd"),
        ({"HyperParameters": {"depth": 3}}, "Invalid type"),
        ({"EnableNetworkIsolation": "yes"}, "Invalid type"),
        ({"CheckpointConfig": {"S3Uri": "s3://b/c"}}, "what CreateTrainingJob does with"),
    ],
)
def test_a_request_that_is_not_understood_is_refused(change: dict, complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=complaint):
        check("CreateTrainingJob", TRAINING | change)


def test_a_request_without_a_required_member_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="RoleArn"):
        check("CreateTrainingJob", {name: value for name, value in TRAINING.items() if name != "RoleArn"})


def test_all_that_we_honour_exists_in_the_api() -> None:
    for operation, members in HONOURED.items():
        with pytest.raises(InvalidRequestError) as error:
            shapes.check("sagemaker", operation, dict.fromkeys(members))
        assert "the member" not in error.value.message


def test_template_values_get_the_types_of_the_api() -> None:
    variant = {"VariantName": "live", "ModelName": "m", "InitialInstanceCount": "2", "InitialVariantWeight": "0.5"}
    given = {"EndpointConfigName": "c", "ProductionVariants": [variant], "EnableNetworkIsolation": "true"}
    result = shapes.cast("sagemaker", "CreateEndpointConfig", given)
    assert result["ProductionVariants"][0] == variant | {"InitialInstanceCount": 2, "InitialVariantWeight": 0.5}
    assert result["EnableNetworkIsolation"] is True
    number = shapes.cast("sagemaker", "CreateModel", {"PrimaryContainer": {"Environment": {"N": 5}}})
    assert number == {"PrimaryContainer": {"Environment": {"N": "5"}}}


@pytest.mark.parametrize("value", ["two", "perhaps"])
def test_template_values_of_a_wrong_kind_are_refused(value: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"is '{value}'; expected"):
        shapes.cast("sagemaker", "CreateEndpointConfig", {"ProductionVariants": [{"InitialInstanceCount": value}]})
    with pytest.raises(InvalidRequestError, match=f"is '{value}'; expected boolean"):
        shapes.cast("sagemaker", "CreateEndpointConfig", {"EnableNetworkIsolation": value})


def test_condition_keys_come_from_where_each_job_holds_them() -> None:
    network = {"EnableNetworkIsolation": True, "VpcConfig": {"Subnets": ["a", "b"], "SecurityGroupIds": ["g"]}}
    cluster = {"ClusterConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": "volume"}}
    processing = {
        "NetworkConfig": network,
        "ProcessingResources": cluster,
        "ProcessingOutputConfig": {"KmsKeyId": "output"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    assert condition_keys("CreateProcessingJob", processing) == {
        "sagemaker:NetworkIsolation": "true",
        "sagemaker:InterContainerTrafficEncryption": "false",
        "sagemaker:VpcSubnets": ["a", "b"],
        "sagemaker:VpcSecurityGroupIds": ["g"],
        "sagemaker:VolumeKmsKey": "volume",
        "sagemaker:OutputKmsKey": "output",
        "sagemaker:InstanceTypes": ["ml.m5.large"],
        "sagemaker:MaxRuntimeInSeconds": "60",
    }


def test_a_key_that_the_request_leaves_out_is_absent() -> None:
    keys = condition_keys("CreateTrainingJob", TRAINING)
    assert set(keys) == {
        "sagemaker:NetworkIsolation",
        "sagemaker:InterContainerTrafficEncryption",
        "sagemaker:InstanceTypes",
    }
    assert condition_keys("DescribeTrainingJob", {"TrainingJobName": "t"}) == {}


def test_a_tagged_creation_needs_the_action_the_tagging_and_the_role() -> None:
    request = TRAINING | {"Tags": [{"Key": "atoll:uid", "Value": "alice"}]}
    create, tag, passing = rights("CreateTrainingJob", request, Records())
    arn = TRAINING_JOB.arn("t")
    assert (create.action, create.resources) == ("sagemaker:CreateTrainingJob", (arn,))
    assert create.keys["aws:RequestTag/atoll:uid"] == "alice"
    assert create.keys["aws:TagKeys"] == ["atoll:uid"]
    assert (tag.action, tag.resources) == ("sagemaker:AddTags", (arn,))
    assert tag.keys["sagemaker:TaggingAction"] == "CreateTrainingJob"
    assert passing == Right("iam:PassRole", (ROLE,), {"iam:PassedToService": "sagemaker.amazonaws.com"})


def test_a_list_is_a_right_on_everything_and_a_tag_call_on_its_arn() -> None:
    assert [right.resources for right in rights("ListTrainingJobs", {}, Records())] == [("*",)]
    arn = ENDPOINT.arn("e")
    assert [right.resources for right in rights("ListTags", {"ResourceArn": arn}, Records())] == [(arn,)]


def test_updating_an_endpoint_needs_the_right_on_endpoint_and_configuration() -> None:
    found = list(rights("UpdateEndpoint", {"EndpointName": "E", "EndpointConfigName": "C"}, Records()))
    assert [arn.rpartition(":")[2] for right in found for arn in right.resources] == ["endpoint/e", "endpoint-config/c"]


def test_records_are_unique_by_name_and_leave_as_copies() -> None:
    records = Records()
    arn = records.add(
        MODEL, {"ModelName": "M-1", "Tags": [{"Key": "a", "Value": "b"}]}, PrimaryContainer={"Image": "i"}
    )
    assert arn.endswith(":model/m-1")
    assert records.name_of(MODEL, arn) == "M-1"
    assert records.tags(arn) == {"a": "b"}
    records.get(MODEL, "M-1")["PrimaryContainer"]["Image"] = "other"
    assert records.get(MODEL, "M-1")["PrimaryContainer"] == {"Image": "i"}
    with pytest.raises(InvalidRequestError, match="Cannot create already existing model"):
        records.add(MODEL, {"ModelName": "m-1"})
    records.remove(MODEL, "M-1")
    assert records.name_of(MODEL, arn) is None
    with pytest.raises(InvalidRequestError, match='Could not find model "arn:aws:sagemaker'):
        records.get(MODEL, "M-1")


def test_a_jobs_name_in_use_has_its_own_code() -> None:
    records = Records()
    records.add(TRAINING_JOB, {"TrainingJobName": "t"})
    with pytest.raises(ServiceError) as error:
        records.add(TRAINING_JOB, {"TrainingJobName": "t"})
    assert error.value.code == "ResourceInUse"


def test_a_member_set_to_nothing_leaves_the_record() -> None:
    records = Records()
    records.add(ENDPOINT, {"EndpointName": "e"}, FailureReason="bad")
    assert "FailureReason" not in records.change(ENDPOINT, "e", FailureReason=None)
