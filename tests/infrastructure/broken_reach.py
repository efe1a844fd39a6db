"""Ways to break the claim that every call arrives: each link of a way, one by one."""

from collections.abc import Callable

from compliance import reach as keeps
from compliance.templates import Template, resources
from tests.infrastructure.template_parts import Body, Claim, Mutation, one

FOUNDATION = "Atoll-Foundation"


def _endpoint(templates: dict[str, Template], name: str) -> Body:
    return one(templates, FOUNDATION, "AWS::EC2::VPCEndpoint", f"NetworkAws{name}")


def _without(kind: str, part: str) -> Mutation:
    """Take the resources of a type away whose logical id has this part."""

    def mutation(templates: dict[str, Template]) -> None:
        found = [each for each in resources(templates, kind) if part in each.logical_id]
        assert found, part
        for each in found:
            del templates[each.stack]["Resources"][each.logical_id]

    return mutation


def _variables(change: Callable[[dict[str, object]], object]) -> Mutation:
    """Change the environment of one function."""
    return lambda t: change(one(t, "Atoll-Release", "AWS::Lambda::Function")["Environment"]["Variables"])


MUTATIONS: list[tuple[Claim, Mutation]] = [
    (keeps.every_call_arrives, mutation)
    for mutation in (
        _without("AWS::EC2::VPCEndpoint", "NetworkAwsKms"),
        _without("AWS::EC2::VPCEndpoint", "NetworkAwsS3"),
        _without("AWS::EC2::SecurityGroupEgress", "NetworkFunctionstoAtollFoundationNetworkAwsSns"),
        _without("AWS::EC2::SecurityGroupEgress", "NetworkJobstopl"),
        _without("AWS::EC2::SecurityGroupIngress", "NetworkAwsSnsGroup"),
        lambda t: _endpoint(t, "Sns").update(PrivateDnsEnabled=False),
        lambda t: _endpoint(t, "Sns")["PolicyDocument"]["Statement"][0].update(Action="kms:*"),
        lambda t: _endpoint(t, "Sns")["PolicyDocument"]["Statement"][0].update(Effect="Deny"),
        _variables(lambda given: given.pop("AWS_USE_FIPS_ENDPOINT")),
        _variables(lambda given: given.update(AWS_ENDPOINT_URL_KMS="https://kms.us-gov-west-1.amazonaws.com")),
        lambda t: one(t, "Atoll-Tracking", "AWS::RDS::DBInstance").update(Port="5432"),
        _without("AWS::EC2::SecurityGroupEgress", "NetworkBalancerto"),
        lambda t: one(t, "Atoll-Tracking", "AWS::ElasticLoadBalancingV2::Listener").update(Port=8443),
    )
]
