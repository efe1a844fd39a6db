"""What a claim is: a predicate, the resources that it speaks of, and the determination statements that it carries."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType

from compliance import access, encryption, record
from compliance.templates import Resource, Templates, resources

Subjects = Callable[[Templates], Iterable[Resource]]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A predicate, the resources that it speaks of, and the ids of the statements that it shows or supports."""

    predicate: FunctionType
    over: Subjects
    shows: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the claim in ledger, report and acknowledgements."""
        return self.predicate.__name__


def kinds(*types: str) -> Subjects:
    """Speak of all resources of these types."""
    return lambda templates: resources(templates, *types)


def policies(templates: Templates) -> Iterable[Resource]:
    """Give the policies of identities."""
    return resources(templates, "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")


def allowing(*actions: str) -> Subjects:
    """Speak of the policies that allow one of these actions."""
    return lambda templates: (
        each for each in policies(templates) if any(f'"{action}"' in json.dumps(each.properties) for action in actions)
    )


def policies_of_people(templates: Templates) -> Iterable[Resource]:
    """Give the policies that roles of people hold."""
    return {each.policy.place: each.policy for each in access.of_people(templates)}.values()


def of_the_record(templates: Templates) -> Iterable[Resource]:
    """Give the audit record's bucket and its policy."""
    found = templates.get("Atoll-Foundation", {}).get("Outputs", {}).get("AuditBucket", {}).get("Value")
    for each in resources(templates, "AWS::S3::Bucket", "AWS::S3::BucketPolicy"):
        if found in ({"Ref": each.logical_id}, each.properties.get("Bucket")):
            yield each


def near_secrets(templates: Templates) -> Iterable[Resource]:
    """Give the policies of the stacks in which some functions, and no others, may read a secret."""
    return (each for each in policies(templates) if each.stack in record.HOLDERS)


def under_a_key(templates: Templates) -> Iterable[Resource]:
    """Give all that is encrypted under a key of ours."""
    return (each for each in resources(templates) if each.type in encryption.UNDER_A_KEY)
