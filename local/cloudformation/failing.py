"""Stacks that failed and stay so: what is kept when one is deleted, and what waits until its rollback is continued.

A stack that failed and wasn't rolled back is deleted by the template of the operation that failed. So what that
template keeps (`Retain`, `RetainExceptOnCreate`) stays, and its names stay taken: a deletion is no rollback.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
The emulator takes the template before that operation, which is empty when it was a change set that created the stack.

While a resource can't go back, what the update made stays: CloudFormation removes new resources after the rollback
(`UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS`), and none in `UPDATE_ROLLBACK_FAILED`, until the rollback is continued:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
The emulator removes them at once, such as the configuration that an endpoint still serves.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from local import private
from local.cloudformation.deletions import Deletion, look_first

_CLOUDFORMATION = "ministack.services.cloudformation"
_STACKS = f"{_CLOUDFORMATION}.stacks"
_NOT_BACK = "_not_back"
"""A stack's resources that did not go back in its last rollback."""

Handler = Callable[[Mapping[str, object]], tuple]


def register() -> None:
    """Fail so. Call once, after `import ministack.app` and before its main."""
    handlers = private.find(f"{_CLOUDFORMATION}._ACTION_HANDLERS")
    handlers["DeleteStack"] = _by_the_failed_template(handlers["DeleteStack"])
    handlers["ContinueUpdateRollback"] = _trying_again(handlers["ContinueUpdateRollback"])
    private.wrap(f"{_STACKS}._revert_update", _noting_what_did_not_go_back)
    look_first(_keep_what_is_new)


def _named(params: Mapping[str, object]) -> dict[str, Any] | None:
    name = private.find(f"{_CLOUDFORMATION}.helpers._p")(params, "StackName")
    stacks = private.find(f"{_CLOUDFORMATION}._stacks").values()
    return next((each for each in stacks if name in (each["StackName"], each["StackId"])), None)


def _by_the_failed_template(original: Handler) -> Handler:
    def handler(params: Mapping[str, object]) -> tuple:
        stack = _named(params) or {}
        if (failed := stack.get("_failed_operation")) and not stack.get("EnableTerminationProtection"):
            stack["_template"] = failed["template"]
        return original(params)

    return handler


def _trying_again(original: Handler) -> Handler:
    def handler(params: Mapping[str, object]) -> tuple:
        (_named(params) or {}).pop(_NOT_BACK, None)
        return original(params)

    return handler


def _noting_what_did_not_go_back(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def revert(stack_id: str, stack_name: str, logical_id: str, *rest: object) -> None:
        try:
            await original(stack_id, stack_name, logical_id, *rest)
        except Exception:
            stack = private.find(f"{_CLOUDFORMATION}._stacks")[stack_name]
            stack[_NOT_BACK] = [*stack.get(_NOT_BACK, ()), logical_id]
            raise

    return revert


def _keep_what_is_new(gone: Deletion) -> None:
    stack = private.find(f"{_CLOUDFORMATION}._stacks").get(gone.stack_name, {})
    not_back = stack.get(_NOT_BACK)
    if not_back and stack["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS":
        raise ValueError(f"It stays until the rollback is continued: {', '.join(not_back)} did not go back.")
