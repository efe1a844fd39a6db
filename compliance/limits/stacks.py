"""How large stacks are, and what they ask of an account as a whole."""

import json
from collections.abc import Iterator

from compliance.limits.measured import Assembly, Use


def template_bytes(assembly: Assembly) -> Iterator[Use]:
    """Bytes of each template, as the CDK writes it."""
    for stack, template in assembly.written.items():
        yield Use(place=stack, value=len(json.dumps(template, indent=1).encode()))


def stack_resources(assembly: Assembly) -> Iterator[Use]:
    """Resources of each stack."""
    for stack, template in assembly.written.items():
        yield Use(place=stack, value=len(template["Resources"]))


def stack_outputs(assembly: Assembly) -> Iterator[Use]:
    """Outputs of each stack."""
    for stack, template in assembly.written.items():
        yield Use(place=stack, value=len(template.get("Outputs", {})))


def stack_parameters(assembly: Assembly) -> Iterator[Use]:
    """Parameters of each stack."""
    for stack, template in assembly.written.items():
        yield Use(place=stack, value=len(template.get("Parameters", {})))


def export_names(assembly: Assembly) -> Iterator[Use]:
    """Characters of each name under which a stack exports a value."""
    for stack, template in assembly.written.items():
        for key, output in template.get("Outputs", {}).items():
            if "Export" in output:
                yield Use(place=f"{stack}/{key}", value=len(output["Export"]["Name"]))


def stack_names(assembly: Assembly) -> Iterator[Use]:
    """Characters of each stack's name."""
    for stack in assembly.written:
        yield Use(place=stack, value=len(stack))


def logical_ids(assembly: Assembly) -> Iterator[Use]:
    """Characters of each logical id."""
    for stack, template in assembly.written.items():
        for logical_id in (*template["Resources"], *template.get("Outputs", {})):
            yield Use(place=f"{stack}/{logical_id}", value=len(logical_id))


def reserved_concurrency(assembly: Assembly) -> Iterator[Use]:
    """Concurrent executions that all functions together take out of the account's."""
    functions = assembly.each("AWS::Lambda::Function")
    reserved = sum(each.properties.get("ReservedConcurrentExecutions", 0) for each in functions)
    yield Use(place="all functions", value=reserved)


def function_environment(assembly: Assembly) -> Iterator[Use]:
    """Bytes of each function's variables, names and values."""
    for function in assembly.each("AWS::Lambda::Function"):
        variables = function.properties.get("Environment", {}).get("Variables", {})
        yield Use(place=function.place, value=sum(len(f"{key}{value}".encode()) for key, value in variables.items()))


def function_seconds(assembly: Assembly) -> Iterator[Use]:
    """Seconds that each function may run."""
    for function in assembly.each("AWS::Lambda::Function"):
        yield Use(place=function.place, value=function.properties["Timeout"])


def interface_endpoints(assembly: Assembly) -> Iterator[Use]:
    """Interface endpoints of the VPC."""
    kinds = [each.properties.get("VpcEndpointType") for each in assembly.each("AWS::EC2::VPCEndpoint")]
    yield Use(place="the VPC", value=kinds.count("Interface"))


_S3_LIST = 1


def group_rules(direction: str) -> "Rules":
    """Count the rules of each security group: `Ingress` or `Egress`."""
    return Rules(direction)


class Rules:
    """Rules of each group, those that name a prefix list by its weight.

    A list of the customer's counts its largest number of entries; AWS's own count by a weight, 1 for S3's
    (https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html).
    """

    def __init__(self, direction: str) -> None:
        self._direction = direction
        self._list = "SourcePrefixListId" if direction == "Ingress" else "DestinationPrefixListId"

    def __call__(self, assembly: Assembly) -> Iterator[Use]:
        """Add up each group's own rules and those that stand beside it, in whichever stack."""
        beside = list(assembly.each(f"AWS::EC2::SecurityGroup{self._direction}"))
        lists = {
            assembly.value(each.stack, {"Fn::GetAtt": [each.logical_id, "PrefixListId"]}): each.properties["MaxEntries"]
            for each in assembly.each("AWS::EC2::PrefixList")
        }
        for group in assembly.each("AWS::EC2::SecurityGroup"):
            group_id = assembly.value(group.stack, {"Fn::GetAtt": [group.logical_id, "GroupId"]})
            rules = [
                *group.properties.get(f"SecurityGroup{self._direction}", []),
                *(rule.properties for rule in beside if rule.properties["GroupId"] == group_id),
            ]
            weights = (lists.get(rule[self._list], _S3_LIST) if self._list in rule else 1 for rule in rules)
            yield Use(place=group.place, value=sum(weights))


def firewall_capacity(assembly: Assembly) -> Iterator[Use]:
    """Capacity units of each web ACL, by the list of AWS's rule groups and the pages of the statements that we use.

    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html,
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-list.html
    """
    units_of = {
        "AWSManagedRulesCommonRuleSet": 700,
        "AWSManagedRulesKnownBadInputsRuleSet": 200,
        "RateBasedStatement": 2,
        "LabelMatchStatement": 1,
        "ByteMatchStatement": 2,
    }
    for firewall in assembly.each("AWS::WAFv2::WebACL"):
        text = json.dumps(firewall.properties["Rules"])
        total = sum(units * text.count(f'"{name}"') for name, units in units_of.items())
        yield Use(place=firewall.place, value=total)
