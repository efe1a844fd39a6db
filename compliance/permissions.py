"""Claims about permissions: who may release what, which jobs can start, and what every role carries.

Like the claims of `compliance.predicates`: each yields objections, and holds when it yields nothing.
"""

from collections.abc import Iterator
from typing import Any

from compliance.templates import Resource, Statement, Templates, resources, statements
from stacks.regions import service_principal

_UID = "${aws:PrincipalTag/uid}"
_EXECUTE = "cloudformation:ExecuteChangeSet"
_CREATE = "cloudformation:CreateChangeSet"
_NAME = "cloudformation:ChangeSetName"
_BACKWARD = {f"{form}{name}-*" for name in ("home", "halt") for form in ("", "arn:*:changeSet/")}
_FORWARD = {"r-by-*"}
_NO_ID = {"automation", *(f"*{mark}*" for mark in " +-./:=@_")}
_TELL_FOR_WHOM = {service_principal(name) for name in ("ecs-tasks", "monitoring.rds", "sagemaker", "vpc-flow-logs")}

_LETS_NOBODY_IN = "sts:SetSourceIdentity"
"""A right beside `sts:AssumeRole`, and no call
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html)."""


def every_role_is_on_the_path(templates: Templates) -> Iterator[str]:
    """Every role has a path of its own, so that an agency's policies can speak of them."""
    for role in resources(templates, "AWS::IAM::Role"):
        if role.properties.get("Path", "/") == "/":
            yield f"{role.place} has no path"


def every_role_is_bounded(templates: Templates) -> Iterator[str]:
    """Every role carries the agency's permissions boundary. Holds where settings name a boundary."""
    for role in resources(templates, "AWS::IAM::Role"):
        if "PermissionsBoundary" not in role.properties:
            yield f"{role.place} has no permissions boundary"


def people_say_who_they_are(templates: Templates) -> Iterator[str]:
    """Who becomes a role by name brings one tag, `uid`, of letters and digits, which names the session."""
    for role in resources(templates, "AWS::IAM::Role"):
        for trust in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            if "AWS" not in trust["Principal"] or trust.get("Action") == _LETS_NOBODY_IN:
                continue
            conditions = trust.get("Condition", {})
            given = conditions.get("StringLike", {}).get("aws:RequestTag/uid") == "?*"
            plain = set(conditions.get("StringNotLike", {}).get("aws:RequestTag/uid", ())) >= _NO_ID
            alone = conditions.get("ForAllValues:StringEquals", {}).get("aws:TagKeys") == ["uid"]
            named = conditions.get("StringEqualsIfExists", {}).get("sts:RoleSessionName") == "${aws:RequestTag/uid}"
            if not (given and plain and alone and named):
                yield f"{role.place} lets people in who do not say who they are"


def services_act_for_this_account(templates: Templates) -> Iterator[str]:
    """Services that can tell for whom they act assume roles on behalf of this account alone."""
    for role in resources(templates, "AWS::IAM::Role"):
        for trust in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            bound = trust.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
            if trust["Principal"].get("Service") in _TELL_FOR_WHOM and bound != {"Ref": "AWS::AccountId"}:
                yield f"{role.place} may be assumed on behalf of another account"


def nobody_approves_own_work(templates: Templates) -> Iterator[str]:
    """Who may execute forward releases is denied those that bear the own id, and all without an id."""
    for policy, own in _by_policy(templates):
        if not any(_allows_forward(statement) for statement in own):
            continue
        if not any(_denies_own_name(statement) for statement in own):
            yield f"{policy.place} may execute a release of the own making"
        if not any(_denies_without_uid(statement, _EXECUTE) for statement in own):
            yield f"{policy.place} may execute a release without an id"


def execution_is_by_name(templates: Templates) -> Iterator[str]:
    """Executing is bound to names: forward for people, who give no ARN, backward for functions."""
    for statement in _allowing(templates, _EXECUTE):
        names = _set(statement.keys("StringLike").get(_NAME))
        if not names or not (names <= _BACKWARD or names <= _FORWARD):
            yield f"{statement.policy.place} may execute {sorted(names) or 'any change set'}"
        if not all("stack/Atoll-Endpoint-" in str(resource) for resource in statement.resources):
            yield f"{statement.policy.place} may execute change sets of other stacks"


def people_make_no_change_sets(templates: Templates) -> Iterator[str]:
    """Whoever becomes a role by name can make no change set, so no template and no stack."""
    people = {
        str({"Ref": role.logical_id})
        for role in resources(templates, "AWS::IAM::Role")
        if any("AWS" in each["Principal"] for each in role.properties["AssumeRolePolicyDocument"]["Statement"])
    }
    for policy, own in _by_policy(templates):
        held = {str(role) for role in _attached_roles(policy, templates)} & people
        if held and any(one.effect == "Allow" and _CREATE in one.actions for one in own):
            yield f"{policy.place} lets a person make a change set"


def no_function_moves_forward(templates: Templates) -> Iterator[str]:
    """No role of a Lambda function may execute a forward release."""
    lambdas = {
        str({"Ref": role.logical_id})
        for role in resources(templates, "AWS::IAM::Role")
        if "lambda.amazonaws" in str(role.properties["AssumeRolePolicyDocument"])
    }
    for policy, own in _by_policy(templates):
        roles = {str(role) for role in _attached_roles(policy, templates)}
        if roles & lambdas and any(_allows_forward(statement) for statement in own):
            yield f"{policy.place} lets a function execute a release"


def change_sets_stay_within_the_fence(templates: Templates) -> Iterator[str]:
    """Change sets are made under the narrow role and never from a template at an address."""
    for policy, own in _by_policy(templates):
        creating = [one for one in own if one.effect == "Allow" and _CREATE in one.actions]
        if any("cloudformation:RoleArn" not in one.keys("ArnEquals") for one in creating):
            yield f"{policy.place} may create change sets under any role"
        denied = any(
            one.effect == "Deny"
            and _CREATE in one.actions
            and one.keys("Null").get("cloudformation:TemplateUrl") == "false"
            for one in own
        )
        if creating and not denied:
            yield f"{policy.place} may create change sets from any template"


def only_safe_jobs_start(templates: Templates) -> Iterator[str]:
    """Jobs start isolated, in our network, under our keys, bounded, under the own id."""
    wanted = {
        "Bool": {"sagemaker:NetworkIsolation", "sagemaker:InterContainerTrafficEncryption"},
        "ArnEquals": {"sagemaker:OutputKmsKey", "sagemaker:VolumeKmsKey"},
        "ForAllValues:StringEquals": {"sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds"},
        "ForAllValues:StringLike": {"sagemaker:InstanceTypes"},
        "Null": {"sagemaker:InstanceTypes", "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds"},
        "NumericLessThanEquals": {"sagemaker:MaxRuntimeInSeconds"},
    }
    isolated = ("HyperParameterTuning", "Processing", "Training")
    for statement in _allowing(templates, *(f"sagemaker:Create{kind}Job" for kind in isolated)):
        for operator, keys in wanted.items():
            if missing := keys - set(statement.keys(operator)):
                yield f"{statement.policy.place} lets jobs start without {sorted(missing)} under {operator}"
        if statement.keys("StringEquals").get("aws:RequestTag/atoll:uid") != _UID:
            yield f"{statement.policy.place} lets jobs start under another's id"


def roles_are_passed_by_name(templates: Templates) -> Iterator[str]:
    """PassRole names the role and the service."""
    for statement in _allowing(templates, "iam:PassRole"):
        if "*" in str(statement.resources) or "iam:PassedToService" not in statement.keys("StringEquals"):
            yield f"{statement.policy.place} may pass any role, or to any service"


def actions_are_listed(templates: Templates) -> Iterator[str]:
    """Policies of roles list their actions one by one, never all but some, and none of AWS's own."""
    for role in resources(templates, "AWS::IAM::Role"):
        if "Policies" in role.properties or ":iam::aws:policy" in str(role.properties.get("ManagedPolicyArns")):
            yield f"{role.place} holds an inline policy or one of AWS's"
    for statement in statements(templates):
        if statement.effect == "Allow" and (not statement.actions or any("*" in each for each in statement.actions)):
            yield f"{statement.policy.place} allows actions by a pattern: {statement.actions}"
        if not statement.resources:
            yield f"{statement.policy.place} speaks of all resources but some"


def _by_policy(templates: Templates) -> list[tuple[Resource, list[Statement]]]:
    grouped: dict[str, tuple[Resource, list[Statement]]] = {}
    for statement in statements(templates):
        grouped.setdefault(statement.policy.place, (statement.policy, []))[1].append(statement)
    return list(grouped.values())


def _allowing(templates: Templates, *actions: str) -> Iterator[Statement]:
    for statement in statements(templates):
        if statement.effect == "Allow" and set(actions) & set(statement.actions):
            yield statement


def _allows_forward(statement: Statement) -> bool:
    names = _set(statement.keys("StringLike").get(_NAME))
    return statement.effect == "Allow" and _EXECUTE in statement.actions and not (names and names <= _BACKWARD)


def _denies_own_name(statement: Statement) -> bool:
    pattern = statement.keys("StringLike").get(_NAME)
    everywhere = statement.resources == ("*",)
    return statement.effect == "Deny" and _EXECUTE in statement.actions and everywhere and pattern == f"*-by-{_UID}-*"


def _denies_without_uid(statement: Statement, action: str) -> bool:
    absent = statement.keys("Null").get("aws:PrincipalTag/uid") == "true"
    return statement.effect == "Deny" and action in statement.actions and absent


def _attached_roles(policy: Resource, templates: Templates) -> list[Any]:
    """Give the roles that hold a policy: it names them, or they name it."""
    by_role = [
        {"Ref": role.logical_id}
        for role in resources({policy.stack: templates[policy.stack]}, "AWS::IAM::Role")
        if {"Ref": policy.logical_id} in role.properties.get("ManagedPolicyArns", [])
    ]
    return [*policy.properties.get("Roles", []), *by_role]


def _set(value: object) -> set[str]:
    return set(value) if isinstance(value, list) else {str(value)} if value else set()


CLAIMS = (
    actions_are_listed,
    every_role_is_on_the_path,
    people_say_who_they_are,
    services_act_for_this_account,
    nobody_approves_own_work,
    execution_is_by_name,
    no_function_moves_forward,
    people_make_no_change_sets,
    change_sets_stay_within_the_fence,
    only_safe_jobs_start,
    roles_are_passed_by_name,
)
