"""How long policies are, of identities and of resources."""

from collections import Counter
from collections.abc import Callable, Iterator

from compliance.limits.measured import Assembly, Use, characters
from compliance.templates import many

Measure = Callable[[Assembly], Iterator[Use]]


def managed_policy(assembly: Assembly) -> Iterator[Use]:
    """Characters of each policy that roles hold."""
    for policy in assembly.each("AWS::IAM::ManagedPolicy"):
        yield Use(place=policy.place, value=characters(policy.properties["PolicyDocument"]))


def policies_of_a_role(assembly: Assembly) -> Iterator[Use]:
    """Managed policies of each role: those that it names, and those that name it."""
    named = Counter(
        str(role) for policy in assembly.each("AWS::IAM::ManagedPolicy") for role in policy.properties.get("Roles", [])
    )
    for stack, template in assembly.written.items():
        for role in (each for each in assembly.each("AWS::IAM::Role") if each.stack == stack):
            called = template["Resources"][role.logical_id].get("Properties", {}).get("RoleName", role.logical_id)
            held = len(role.properties.get("ManagedPolicyArns", []))
            yield Use(place=role.place, value=held + named[str(called)])


def trust_policy(assembly: Assembly) -> Iterator[Use]:
    """Characters of each role's trust policy."""
    for role in assembly.each("AWS::IAM::Role"):
        yield Use(place=role.place, value=characters(role.properties["AssumeRolePolicyDocument"]))


def document(kind: str, field: str) -> Measure:
    """Measure the characters of a resource's policy."""

    def of_resources(assembly: Assembly) -> Iterator[Use]:
        for resource in assembly.each(kind):
            if policy := resource.properties.get(field):
                yield Use(place=resource.place, value=characters(policy))

    return of_resources


def statements(kind: str) -> Measure:
    """Count the statements of a resource's policy."""

    def of_resources(assembly: Assembly) -> Iterator[Use]:
        for resource in assembly.each(kind):
            yield Use(place=resource.place, value=len(resource.properties["PolicyDocument"]["Statement"]))

    return of_resources


def conditions(assembly: Assembly) -> Iterator[Use]:
    """Condition keys of each queue's policy, over all its statements."""
    for queue in assembly.each("AWS::SQS::QueuePolicy"):
        found = [
            key
            for statement in queue.properties["PolicyDocument"]["Statement"]
            for keys in statement.get("Condition", {}).values()
            for key in keys
        ]
        yield Use(place=queue.place, value=len(found))


def principals(assembly: Assembly) -> Iterator[Use]:
    """Principals of each queue's policy, over all its statements."""
    for queue in assembly.each("AWS::SQS::QueuePolicy"):
        found = [
            who
            for statement in queue.properties["PolicyDocument"]["Statement"]
            for kinds in (statement["Principal"] if isinstance(statement["Principal"], dict) else {"AWS": "*"},)
            for each in kinds.values()
            for who in many(each)
        ]
        yield Use(place=queue.place, value=len(found))
