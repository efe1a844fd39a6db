"""`aws:SourceVpc` for the emulator's policy evaluator, which has no network: it trusts what a stack arranges.

The role of a function or task (tag `atoll:network`) calls from the VPC that a stack made, nobody else from any. That a
bucket refuses such a role from elsewhere is shown by evaluating its policy (tests/infrastructure), not here.
"""

from collections.abc import Callable
from typing import Any

from local import private

EVALUATOR = "ministack.core.iam_evaluator"
_TAG = "aws:principaltag/atoll:network"

Resolve = Callable[[str, Any], object]


def register() -> None:
    """Have the emulator know the key. Call once, after `import ministack.app` and before its main."""
    private.wrap(f"{EVALUATOR}._resolve_condition_key", _with_source_vpc)


def _with_source_vpc(original: Resolve) -> Resolve:
    def resolve(key: str, ctx: Any) -> object:  # noqa: ANN401 - the emulator's context
        if key.lower() == "aws:sourcevpc" and ctx.principal_keys.get(_TAG) == "vpc":
            return _made_vpc()
        return original(key, ctx)

    return resolve


def _made_vpc() -> str | None:
    """The VPC that isn't the account's default one; None before there is any."""
    vpcs = private.find("ministack.services.ec2._vpcs")
    return next((name for name, vpc in vpcs.items() if not vpc.get("IsDefault")), None)
