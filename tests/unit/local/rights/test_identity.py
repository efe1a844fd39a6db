"""What an identity's policies and its boundary say to a right."""

from typing import Any

from local import policy_variables
from local.rights.identity import Identity, Right

policy_variables.register()
ARN = "arn:aws:sts::123456789012:assumed-role/Narrow/AWSCloudFormation"
ENDPOINT, CONFIG = (f"arn:aws:sagemaker:us-east-1:123456789012:{name}" for name in ("endpoint/e", "endpoint-config/c"))
UPDATE = Right("sagemaker:UpdateEndpoint", (ENDPOINT, CONFIG))


def allowing(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}


def refusal(right: Right, *policies: dict[str, Any], boundary: dict[str, Any] | None = None) -> str | None:
    return Identity.with_policies(ARN, policies, boundary).refusal(right, region="us-east-1")


def test_a_right_on_the_endpoint_alone_is_not_enough_to_update_it() -> None:
    narrow = {"Action": "sagemaker:UpdateEndpoint", "Resource": ENDPOINT}
    assert refusal(UPDATE, allowing(narrow)) == (
        f"User: {ARN} is not authorized to perform: sagemaker:UpdateEndpoint on resource: {CONFIG}"
    )
    assert refusal(UPDATE, allowing(narrow, {"Action": "sagemaker:UpdateEndpoint", "Resource": CONFIG})) is None


def test_a_boundary_takes_away_what_it_does_not_allow() -> None:
    everything = allowing({"Action": "*", "Resource": "*"})
    assert refusal(UPDATE, everything, boundary=everything) is None
    assert refusal(UPDATE, everything, boundary=allowing({"Action": "s3:*", "Resource": "*"}))


def test_condition_keys_are_those_of_the_request() -> None:
    isolated = allowing(
        {
            "Action": "sagemaker:CreateModel",
            "Resource": "*",
            "Condition": {"Bool": {"sagemaker:NetworkIsolation": "true"}},
        }
    )
    model = (ENDPOINT.replace("endpoint/", "model/"),)
    assert refusal(Right("sagemaker:CreateModel", model, {"sagemaker:NetworkIsolation": "true"}), isolated) is None
    assert refusal(Right("sagemaker:CreateModel", model, {"sagemaker:NetworkIsolation": "false"}), isolated)
    assert refusal(Right("sagemaker:CreateModel", model), isolated)


def test_nobody_has_a_right_that_the_reference_does_not_know() -> None:
    everything = allowing({"Action": "*", "Resource": "*"})
    assert "refuses it" in str(refusal(Right("sagemaker:DoAnything", ("*",)), everything))


def test_all_rights_of_a_service_are_those_of_its_administrators() -> None:
    assert refusal(Right("sqs:*", ("*",)), allowing({"Action": "*", "Resource": "*"})) is None
    assert refusal(Right("sqs:*", ("*",)), allowing({"Action": "sqs:Send*", "Resource": "*"}))
