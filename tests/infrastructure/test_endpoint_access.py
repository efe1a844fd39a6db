"""An operator's tag on an endpoint cuts every caller of ours off, and what it may go back to is kept."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import pytest

from compliance.templates import Template, resources, statements

CALLS = ("InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithBidirectionalStream",
         "InvokeEndpointWithResponseStream")  # fmt: skip
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html"""


def may_call(actions: Iterable[str]) -> bool:
    """Whether one of the actions, which may be patterns, is a way to call an endpoint."""
    return any(fnmatchcase(f"sagemaker:{call}".lower(), each.lower()) for call in CALLS for each in actions)


def test_every_right_to_call_an_endpoint_demands_its_tag(templates: dict[str, Template]) -> None:
    callers = [each for each in statements(templates) if each.effect == "Allow" and may_call(each.actions)]
    for each in callers:
        assert each.keys("StringEquals") == {"aws:ResourceTag/atoll:callers": "admitted"}, each.policy.place
    for endpoint in resources(templates, "AWS::SageMaker::Endpoint"):
        assert callers
        assert {"Key": "atoll:callers", "Value": "admitted"} in endpoint.properties["Tags"]


@pytest.mark.parametrize("action", ["sagemaker:InvokeEndpoint", "sagemaker:Invoke*", "sagemaker:*", "*"])
def test_a_pattern_that_calls_endpoints_is_a_right_to_call_them(action: str) -> None:
    assert may_call(["s3:GetObject", action])
    assert not may_call(["sagemaker:DescribeEndpoint", "sagemaker:Create*"])


def test_what_an_endpoint_may_go_back_to_is_kept_when_it_is_replaced(templates: dict[str, Template]) -> None:
    for stack in (each for each in templates if each.startswith("Atoll-Endpoint-")):
        for name in ("AtollModel", "Config"):
            assert templates[stack]["Resources"][name]["UpdateReplacePolicy"] == "Retain"
