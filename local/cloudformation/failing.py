"""A stack that failed and wasn't rolled back is deleted by the template of the operation that failed.

So what that template keeps (`Retain`, `RetainExceptOnCreate`) stays, and its names stay taken: a deletion is no
rollback. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
The emulator takes the template before that operation, which is empty when it was a change set that created the stack.
"""

from collections.abc import Callable, Mapping

from local import private

_CLOUDFORMATION = "ministack.services.cloudformation"


def register() -> None:
    """Delete so. Call once, after `import ministack.app` and before its main."""
    handlers = private.find(f"{_CLOUDFORMATION}._ACTION_HANDLERS")
    handlers["DeleteStack"] = _by_the_failed_template(handlers["DeleteStack"])


def _by_the_failed_template(original: Callable[[Mapping[str, object]], tuple]) -> Callable[..., tuple]:
    def handler(params: Mapping[str, object]) -> tuple:
        named = private.find(f"{_CLOUDFORMATION}.helpers._p")(params, "StackName")
        for stack in private.find(f"{_CLOUDFORMATION}._stacks").values():
            is_free = named in (stack["StackName"], stack["StackId"]) and not stack.get("EnableTerminationProtection")
            if is_free and (failed := stack.get("_failed_operation")):
                stack["_template"] = failed["template"]
        return original(params)

    return handler
