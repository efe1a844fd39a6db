"""What the emulator's policy evaluator lacks, added without touching its source.

The emulator (ministack) evaluates identity policies but knows neither policy variables nor the condition keys of
CloudFormation and SageMaker, asks for one resource of a call at most, and never checks `iam:PassRole`. `register()`
adds:

- every call is judged on every resource type that the Service Authorization Reference marks as required for its
  action (`local.rights.reference`); an action that isn't in it is refused to everybody but root;

- policy variables (`${aws:PrincipalTag/uid}`, `${aws:username}`, with a default:
  `${aws:PrincipalTag/uid, 'none'}`) in Resource and in Condition values. A variable without a value
  makes its statement match nothing, as on AWS; so a Deny written with one needs a `Null` Deny beside it;
- `cloudformation:ChangeSetName`, `cloudformation:RoleArn`, `cloudformation:TemplateUrl`, `cloudwatch:namespace`,
  `kms:MessageType`, `kms:SigningAlgorithm`;
- `iam:PassRole` on the role that a call hands to a service.

A service of ours that asks the emulator for each right by itself (local.sagemaker) needs nothing more. For
calls that the emulator dispatches, `describe_action` tells what IAM must know of the request:

    describe_action(
        "states:CreateStateMachine",
        keys=lambda params: {},
        passed_roles=lambda params: [params["roleArn"]],
        passed_to="states.amazonaws.com",
    )

`params` is the parsed JSON body, or the form and query parameters with single values. A key that the
request lacks must be left out, never given as None or "". `aws:RequestTag/*` and `aws:TagKeys` need no
entry: the emulator derives them from `Tags` in the request.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from local import policy_variables, private
from local.rights import reference, requests

Params = Mapping[str, Any]
KeysOf = Callable[[Params], Mapping[str, str | list[str]]]
RolesOf = Callable[[Params], Sequence[str]]

ACTIONS, EVALUATOR = "ministack.core.iam_actions", "ministack.core.iam_evaluator"
NAMED = "atoll:named-resources"
"""Among the condition keys given to the emulator: all resources that a call names."""
_PASSED = "atoll:passed-roles"
_refused: ContextVar[tuple[str, str] | None] = ContextVar("refused", default=None)
"""The action and the resource that the last call of this context was refused, where they aren't the call's own."""


@dataclass(frozen=True, kw_only=True)
class _Action:
    keys: KeysOf | None = None
    passed_roles: RolesOf | None = None
    passed_to: str = ""


_described: dict[str, _Action] = {}
_log = logging.getLogger("atoll.iam")


def describe_action(
    action: str,
    *,
    keys: KeysOf | None = None,
    passed_roles: RolesOf | None = None,
    passed_to: str = "",
) -> None:
    """Say what IAM must know of `action` (`namespace:Operation`).

    Args:
        action: The IAM action.
        keys: Condition keys that the request's parameters set.
        passed_roles: ARNs of the roles that the call hands over; each needs `iam:PassRole`.
        passed_to: The service principal that gets them, e.g. `sagemaker.amazonaws.com`.
    """
    _described[action] = _Action(keys=keys, passed_roles=passed_roles, passed_to=passed_to)


def _params(body: bytes, query: Mapping[str, Any]) -> dict[str, Any]:
    if body[:1] == b"{":
        return dict(json.loads(body))
    return {name: value[0] if isinstance(value, list) else value for name, value in query.items()}


def _cloudformation_keys(params: Params) -> dict[str, str | list[str]]:
    names = {"ChangeSetName": "ChangeSetName", "RoleARN": "RoleArn", "TemplateURL": "TemplateUrl"}
    return {f"cloudformation:{key}": params[name] for name, key in names.items() if params.get(name)}


def _describe_cloudformation() -> None:
    for operation in ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ContinueUpdateRollback"):
        describe_action(
            f"cloudformation:{operation}",
            keys=_cloudformation_keys,
            passed_roles=lambda params: [params["RoleARN"]] if params.get("RoleARN") else [],
            passed_to="cloudformation.amazonaws.com",
        )
    for operation in ("ExecuteChangeSet", "DeleteChangeSet", "DescribeChangeSet"):
        describe_action(f"cloudformation:{operation}", keys=_cloudformation_keys)


def _describe_cloudwatch() -> None:
    describe_action(
        "cloudwatch:PutMetricData",
        keys=lambda params: {"cloudwatch:namespace": params["Namespace"]} if params.get("Namespace") else {},
    )


def _events_keys(params: Params) -> dict[str, str | list[str]]:
    return {"events:source": [entry["Source"] for entry in params.get("Entries", []) if entry.get("Source")]}


def _kms_keys(params: Params) -> dict[str, str | list[str]]:
    return {f"kms:{name}": params[name] for name in ("MessageType", "SigningAlgorithm") if params.get(name)}


def _describe_events() -> None:
    describe_action("events:PutEvents", keys=_events_keys)


def _describe_kms() -> None:
    for operation in ("Sign", "Verify"):
        describe_action(f"kms:{operation}", keys=_kms_keys)


def register() -> None:
    """Extend the emulator's evaluator. Call once, after `import ministack.app` and before its main."""
    policy_variables.register()
    _describe_cloudformation()
    _describe_cloudwatch()
    _describe_events()
    _describe_kms()
    private.wrap(f"{ACTIONS}.request_tag_context", _with_described_keys)
    private.wrap(f"{ACTIONS}.access_denied_response", _naming_what_was_refused)
    private.wrap(f"{EVALUATOR}.enforce", _with_every_resource)


def _with_described_keys(original: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
    def context(service: str, iam_action: str, body: bytes, params: Params) -> dict[str, object]:
        described, request = _described.get(iam_action, _Action()), _params(body, params)
        keys = original(service, iam_action, body, params)
        keys.update(described.keys(request) if described.keys else {})
        keys[NAMED] = requests.named(iam_action, request, _place())
        if described.passed_roles:
            keys[_PASSED] = [(role, described.passed_to) for role in described.passed_roles(request)]
        return keys

    return context


def _with_every_resource(enforce: Callable[..., object]) -> Callable[..., object]:
    def extended(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Params | None = None,
    ) -> object:
        keys = dict(service_context or {})
        named, passed = keys.pop(NAMED, ()) or (resource_arn,), keys.pop(_PASSED, ())
        _refused.set(None)
        try:
            wanted = [(iam_action, service, each, keys) for each in reference.judged(iam_action, named)]
        except reference.UnknownActionError as error:
            _log.warning("%s", error)
            wanted = [(iam_action, service, each, keys) for each in named]
            if not private.find(f"{EVALUATOR}.is_root_access_key")(access_key_id):
                return _unknown(access_key_id)
        wanted += [("iam:PassRole", "iam", role, {"iam:PassedToService": principal}) for role, principal in passed]
        for action, of, resource, given in wanted:
            if denied := enforce(access_key_id, action, of, region, resource, given):
                _refused.set((action, resource) if (action, resource) != (iam_action, resource_arn) else None)
                return denied
        return None

    return extended


def _unknown(access_key_id: str) -> object:
    """A refusal, however wide the caller's policies are."""
    principal = private.find(f"{EVALUATOR}.resolve_principal")(access_key_id, _account())
    result = private.find(f"{EVALUATOR}.EvalResult")
    return result("ImplicitDeny", principal_arn=getattr(principal, "arn", ""))


def _account() -> str:
    return private.find("ministack.core.responses.get_account_id")()


def _place() -> str:
    """How ARNs of this request's account and region begin; `{service}` stands for the service."""
    return f"arn:aws:{{service}}:{private.find('ministack.core.responses.get_region')()}:{_account()}:"


def _naming_what_was_refused(original: Callable[..., tuple]) -> Callable[..., tuple]:
    message = private.find(f"{ACTIONS}.identity_denial_message")

    def denial(service: str, action: str, principal_arn: str, request_id: str, **details: object) -> tuple:
        if refused := _refused.get():
            details["message"] = message(refused[0], principal_arn, refused[1], bool(details.get("explicit_deny")))
        return original(service, action, principal_arn, request_id, **details)

    return denial
