"""An operator's tag on an endpoint cuts every caller of ours off, and what it may go back to is kept."""

from compliance.templates import Template, resources, statements


def test_every_right_to_call_an_endpoint_demands_its_tag(templates: dict[str, Template]) -> None:
    callers = [each for each in statements(templates) if "sagemaker:InvokeEndpoint" in each.actions]
    for each in callers:
        assert each.keys("StringEquals") == {"aws:ResourceTag/atoll:callers": "admitted"}, each.policy.place
    for endpoint in resources(templates, "AWS::SageMaker::Endpoint"):
        assert callers
        assert {"Key": "atoll:callers", "Value": "admitted"} in endpoint.properties["Tags"]


def test_what_an_endpoint_may_go_back_to_is_kept_when_it_is_replaced(templates: dict[str, Template]) -> None:
    for stack in (each for each in templates if each.startswith("Atoll-Endpoint-")):
        for name in ("AtollModel", "Config"):
            assert templates[stack]["Resources"][name]["UpdateReplacePolicy"] == "Retain"
