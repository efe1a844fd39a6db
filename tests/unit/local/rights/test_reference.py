"""On which resources IAM judges an action."""

import pytest

from local.rights import reference

HERE = "arn:aws:{}:us-east-1:123456789012:{}"
ENDPOINT, CONFIG = HERE.format("sagemaker", "endpoint/atoll-a"), HERE.format("sagemaker", "endpoint-config/Config-a")


def test_an_update_of_an_endpoint_is_judged_on_the_endpoint_and_on_its_configuration() -> None:
    assert reference.required("sagemaker:UpdateEndpoint") == ["endpoint", "endpoint-config"]
    assert reference.judged("sagemaker:UpdateEndpoint", [ENDPOINT, CONFIG]) == [ENDPOINT, CONFIG]


def test_a_required_resource_that_a_call_does_not_name_is_any() -> None:
    assert reference.judged("sagemaker:UpdateEndpoint", [ENDPOINT]) == [ENDPOINT, "*"]


def test_an_action_without_resource_types_is_judged_on_everything_whatever_it_names() -> None:
    assert reference.judged("xray:PutTraceSegments", [ENDPOINT]) == ["*"]


@pytest.mark.parametrize(
    ("action", "named", "judged"),
    [
        ("s3:GetObject", "arn:aws:s3:::bucket/a/b:c", "arn:aws:s3:::bucket/a/b:c"),
        ("s3:ListBucket", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket"),
        ("s3:ListBucket", "arn:aws:s3:::bucket/key", "*"),
        ("kms:Sign", HERE.format("kms", "alias/a"), "*"),
        ("kms:Sign", HERE.format("kms", "key/a"), HERE.format("kms", "key/a")),
        ("cloudwatch:PutMetricAlarm", HERE.format("cloudwatch", "alarm:"), HERE.format("cloudwatch", "alarm:")),
        ("lambda:InvokeFunction", HERE.format("lambda", "function:f"), HERE.format("lambda", "function:f")),
    ],
)
def test_a_resource_counts_in_the_form_of_its_type_alone(action: str, named: str, judged: str) -> None:
    assert reference.judged(action, [named]) == [judged]


def test_an_action_without_an_entry_is_not_judged() -> None:
    assert not reference.is_known("sagemaker:DoAnything")
    with pytest.raises(reference.UnknownActionError, match="isn't always the API's operation"):
        reference.judged("sagemaker:DoAnything", [ENDPOINT])
    assert not reference.is_known("nosuchservice:Do")
