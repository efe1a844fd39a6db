"""An identity and its rights: identity policies and boundary, as IAM's evaluation logic combines them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. The evaluator is the
emulator's, with policy variables as the local AWS has them (`local.policy_variables.register`, called beforehand).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ministack.core.iam_evaluator import EvalContext, ParsedStatement, evaluate, parse_policy_document

from local.rights import reference

Statements = list[ParsedStatement]


@dataclass(frozen=True)
class Right:
    """An action on all the resources that a call names, with the condition keys of the call."""

    action: str
    resources: tuple[str, ...]
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who calls: an ARN with parsed identity policies, the limits on them, and the keys that describe the caller."""

    arn: str
    policies: Sequence[Statements]
    limits: Sequence[Sequence[Statements]] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def with_policies(
        cls, arn: str, policies: Sequence[Mapping[str, Any]], boundary: Mapping[str, Any] | None = None
    ) -> "Identity":
        """An identity with these policy documents, within a boundary's document."""
        limits = [[parse_policy_document(dict(boundary))]] if boundary else []
        return cls(arn=arn, policies=[parse_policy_document(dict(each)) for each in policies], limits=limits)

    def refusal(self, right: Right, *, region: str) -> str | None:
        """AWS's sentence when the identity lacks the right on any resource on which IAM judges it; else None."""
        try:
            resources = _judged(right)
        except reference.UnknownActionError as error:
            return str(error)
        refused = next((each for each in resources if not self._has(replace(right, resources=(each,)), region)), None)
        if refused is None:
            return None
        return f"User: {self.arn} is not authorized to perform: {right.action} on resource: {refused}"

    def _has(self, right: Right, region: str) -> bool:
        context = EvalContext(
            principal_arn=self.arn,
            principal_type="AssumedRole",
            principal_account=self.arn.split(":")[4],
            action=right.action,
            resource_arn=right.resources[0],
            region=region,
            service_context={"aws:tagkeys": None} | {key.lower(): value for key, value in right.keys.items()},
            principal_keys=dict(self.keys),
        )
        return evaluate(context, list(self.policies), *(list(limit) for limit in self.limits)).decision == "Allow"


def _judged(right: Right) -> list[str]:
    """Give the resources on which IAM judges a right; every action of a service (`sqs:*`) is one on everything."""
    if right.action.endswith(":*"):
        return [reference.EVERYTHING]
    return reference.judged(right.action, right.resources)
