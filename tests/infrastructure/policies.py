"""The synthesized policies of a person's role, resolved, and put to a policy evaluator.

The evaluator is the emulator's (`ministack.core.iam_evaluator`), with policy variables as the local AWS has them.
References become texts such as `<Atoll-Foundation.KeysJobs.Arn>`, the same wherever they are imported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_trust_policy, parse_policy_document

from compliance.templates import Template
from local import policy_variables

ACCOUNT, REGION, PARTITION = "111122223333", "us-gov-west-1", "aws-us-gov"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
policy_variables.register()


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call: by whom (`uid`, None without the session tag), of what, on what, with which condition keys."""

    action: str
    resource: str
    uid: str | None = "alice"
    keys: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def resolved(templates: Mapping[str, Template], stack: str, value: Any) -> Any:  # noqa: ANN401 - any part of a template
    """Replace references by texts that are the same in every stack."""
    match value:
        case {"Ref": name}:
            found = _PSEUDO.get(name, f"<{stack}.{name}>")
        case {"Fn::GetAtt": [name, attribute]}:
            found = f"<{stack}.{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            found = separator.join(str(resolved(templates, stack, part)) for part in parts)
        case {"Fn::ImportValue": name}:
            found = _exported(templates, name)
        case dict():
            found = {key: resolved(templates, stack, inner) for key, inner in value.items()}
        case list():
            found = [resolved(templates, stack, inner) for inner in value]
        case _:
            found = value
    return found


def _exported(templates: Mapping[str, Template], name: str) -> Any:  # noqa: ANN401 - what an output holds
    for stack, template in templates.items():
        for output in template.get("Outputs", {}).values():
            if output.get("Export", {}).get("Name") == name:
                return resolved(templates, stack, output["Value"])
    raise KeyError(name)


def output(templates: Mapping[str, Template], stack: str, key: str) -> str:
    """Give a published output, resolved."""
    return resolved(templates, stack, templates[stack]["Outputs"][key]["Value"])


def policies_of(templates: Mapping[str, Template], person: str) -> list[dict[str, Any]]:
    """Give the policies that a person's or a job's role holds; it is found by the output that the contract names."""
    role = templates["Atoll-Training"]["Outputs"][f"{person}RoleArn"]["Value"]["Fn::GetAtt"][0]
    return policies_of_role(templates, role)


def policies_of_role(templates: Mapping[str, Template], start: str) -> list[dict[str, Any]]:
    """Give the policies of the training stack's role whose logical id begins so."""
    role = role_of(templates, start)
    found = templates["Atoll-Training"]["Resources"]
    documents = [found[each["Ref"]]["Properties"]["PolicyDocument"] for each in role["ManagedPolicyArns"]]
    return [resolved(templates, "Atoll-Training", each) for each in documents]


def role_of(templates: Mapping[str, Template], start: str) -> dict[str, Any]:
    """Give the properties of the training stack's one role whose logical id begins so."""
    (role,) = (
        body["Properties"]
        for name, body in templates["Atoll-Training"]["Resources"].items()
        if body["Type"] == "AWS::IAM::Role" and name.startswith(start)
    )
    return role


def decision(policies: Sequence[dict[str, Any]], request: Request) -> str:
    """Say `Allow`, `Deny` or `ImplicitDeny`, as IAM's evaluation logic would."""
    context = EvalContext(
        principal_arn=f"arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/Person/{request.uid}",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=request.action,
        resource_arn=request.resource,
        region=REGION,
        request_tags=dict(request.tags),
        tag_keys=list(request.tags),
        service_context={key.lower(): value for key, value in request.keys.items()},
        principal_keys={"aws:principaltag/uid": request.uid} if request.uid else {},
    )
    return evaluate(context, [parse_policy_document(each) for each in policies]).decision


def may_become(
    templates: Mapping[str, Template], role: str, *, caller: str, tags: Mapping[str, str], session: str | None = None
) -> bool:
    """Say whether a caller (`role/IdentityBroker` of the broker's account) may assume a role with session tags.

    The session is called as the tag `uid` has it, or as `session` says; STS tells its name in AssumeRole alone.
    """
    trust = resolved(templates, "Atoll-Training", role_of(templates, role)["AssumeRolePolicyDocument"])
    context = EvalContext(
        principal_arn=caller,
        principal_type="Role",
        principal_account=caller.split(":")[4],
        action="sts:AssumeRole",
        resource_arn="*",
        region=REGION,
        request_tags=dict(tags),
        tag_keys=list(tags),
    )
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if tags else [])]
    named = {"sts:AssumeRole": {"sts:rolesessionname": tags.get("uid", "nobody") if session is None else session}}
    return all(
        evaluate_trust_policy(trust, caller, replace(context, action=action, service_context=named.get(action, {})))
        for action in actions
    )
