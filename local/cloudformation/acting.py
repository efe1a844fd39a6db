"""CloudFormation acts with the rights of the role that it was given, else with those of who began the operation.

A role that a change set, creation, update or deletion names becomes the stack's and stays so; every operation on the
stack uses it from then on: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
Before the emulator creates, changes or deletes a resource, that identity must have all rights that the type's handler
needs (`local.rights.types`); else the resource fails, as on AWS.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

from local import private
from local.cloudformation.deletions import Deletion, look_first
from local.rights import types
from local.rights.identity import Identity

_CLOUDFORMATION = "ministack.services.cloudformation"
_STACKS = f"{_CLOUDFORMATION}.stacks"
_ROLE = "RoleARN"
_CALLS = ("CreateStack", "UpdateStack", "DeleteStack", "ContinueUpdateRollback", "RollbackStack")
_acting: ContextVar[str] = ContextVar("acting", default="")
"""The ARN of the identity that the running stack operation uses; empty outside of one."""

Handler = Callable[[Mapping[str, object]], tuple]


def register() -> None:
    """Have the emulator's CloudFormation use roles. Call once, after `import ministack.app` and before its main."""
    handlers = private.find(f"{_CLOUDFORMATION}._ACTION_HANDLERS")
    for call in _CALLS:
        handlers[call] = _taking_the_role(handlers[call])
    handlers["CreateChangeSet"] = _keeping_the_role(handlers["CreateChangeSet"])
    handlers["ExecuteChangeSet"] = _taking_the_change_sets_role(handlers["ExecuteChangeSet"])
    for module in ("changesets", "handlers"):
        private.wrap(f"{_CLOUDFORMATION}.{module}._create_stack_task_in_region", _as_the_stacks_role)
    private.wrap(f"{_STACKS}._provision_resource", _asking_before_creation)
    private.wrap(f"{_STACKS}._update_resource", _asking_before_update)
    look_first(_ask_before_deletion)


def _stack(params: Mapping[str, object]) -> dict[str, Any] | None:
    name = private.find(f"{_CLOUDFORMATION}.helpers._p")(params, "StackName")
    stacks = private.find(f"{_CLOUDFORMATION}._stacks").values()
    return next((each for each in stacks if name in (each.get("StackName"), each.get("StackId"))), None)


def _role(params: Mapping[str, object]) -> str:
    return private.find(f"{_CLOUDFORMATION}.helpers._p")(params, _ROLE)


def _taking_the_role(original: Handler) -> Handler:
    def handler(params: Mapping[str, object]) -> tuple:
        token = _acting.set(_role(params))
        try:
            answer = original(params)
        finally:
            _acting.reset(token)
        if _role(params) and (stack := _stack(params)):
            stack[_ROLE] = _role(params)
        return answer

    return handler


def _keeping_the_role(original: Handler) -> Handler:
    def handler(params: Mapping[str, object]) -> tuple:
        answer = original(params)
        if found := _change_set(params):
            found[_ROLE] = _role(params)
        return answer

    return handler


def _taking_the_change_sets_role(original: Handler) -> Handler:
    def handler(params: Mapping[str, object]) -> tuple:
        found = _change_set(params)
        stack = private.find(f"{_CLOUDFORMATION}._stacks").get(found["StackName"]) if found else None
        if found and found.get(_ROLE) and stack is not None:
            stack[_ROLE] = found[_ROLE]
        return original(params)

    return handler


def _change_set(params: Mapping[str, object]) -> dict[str, Any] | None:
    parameter = private.find(f"{_CLOUDFORMATION}.helpers._p")
    find = private.find(f"{_CLOUDFORMATION}.changesets._find_change_set")
    return find(parameter(params, "ChangeSetName"), parameter(params, "StackName"))[1]


def _as_the_stacks_role(original: Callable[..., None]) -> Callable[..., None]:
    def create_task(coroutine: Awaitable[None], stack: dict[str, Any] | None, stack_id: str | None = None) -> None:
        caller = private.find("ministack.core.iam_evaluator.caller_arn")()
        token = _acting.set(_acting.get() or (stack or {}).get(_ROLE) or caller)
        try:
            original(_forgetting_what_stayed(coroutine, stack) if stack else coroutine, stack, stack_id)
        finally:
            _acting.reset(token)

    return create_task


async def _forgetting_what_stayed(operation: Awaitable[None], stack: dict[str, Any]) -> None:
    """An update that can't delete what it replaced or left out is complete, and its stack forgets these resources.

    "Update behaviors of stack resources" and the stack's status reason tell so:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
    """
    await operation
    resources = stack.get("_resources", {})
    stayed = [name for name, each in resources.items() if each.get("ResourceStatus") == "DELETE_FAILED"]
    if stack.get("StackStatus") == "UPDATE_COMPLETE" and stayed:
        stack["StackStatusReason"] = "Update successful. One or more resources could not be deleted."
        for name in stayed:
            del resources[name]


def _asking_before_creation(original: Callable[..., tuple]) -> Callable[..., tuple]:
    def provision(resource_type: str, logical_id: str, props: dict[str, Any], stack_name: str) -> tuple:
        _ask(resource_type, "create", logical_id, props)
        return original(resource_type, logical_id, props, stack_name)

    return provision


def _asking_before_update(original: Callable[..., tuple]) -> Callable[..., tuple]:
    def update(  # noqa: PLR0913, PLR0917 - the emulator's signature
        resource_type: str,
        physical_id: str,
        old_props: dict[str, Any],
        new_props: dict[str, Any],
        stack_name: str,
        logical_id: str | None = None,
        old_attrs: dict[str, Any] | None = None,
    ) -> tuple:
        if old_props != new_props:
            replaces = private.find(f"{_STACKS}._replacing_change")(resource_type, old_props, new_props)
            _ask(resource_type, "create" if replaces else "update", logical_id or physical_id, new_props)
        return original(resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs)

    return update


def _ask_before_deletion(gone: Deletion) -> None:
    _ask(gone.resource_type, "delete", gone.logical_id or gone.physical_id, gone.props)


def _ask(kind: str, handler: str, logical_id: str, props: Mapping[str, Any]) -> None:
    """Fail the resource when the acting identity lacks a right that its handler needs."""
    who, region = _acting.get(), private.find("ministack.core.responses.get_region")()
    if not who or who.endswith(":root"):
        return
    account = who.split(":")[4]
    place = f"arn:aws:{{service}}:{region}:{account}:"
    change = types.Change(kind=kind, handler=handler, logical_id=logical_id, props=props, place=place)
    identity = _identity(who, account)
    for right in types.rights(change):
        if why := identity.refusal(right, region=region):
            raise ValueError(f'Resource handler returned message: "{why}" (HandlerErrorCode: AccessDenied)')


def _identity(arn: str, account: str) -> Identity:
    """A role (or a session of one) with its policies and boundary as they are now."""
    evaluator = "ministack.core.iam_evaluator"
    name = arn.split("/")[1 if ":assumed-role/" in arn else -1]
    session = f"arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation"
    return Identity(
        arn=session,
        policies=private.find(f"{evaluator}._gather_role_policies")(name, account),
        limits=private.find(f"{evaluator}._permissions_boundary")(
            private.find("ministack.services.iam._roles"), name, account
        ),
    )
