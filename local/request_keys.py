"""Condition keys that the emulator's policy evaluator lacks, or has in another form than AWS's.

- `s3:if-none-match` is the header of a conditional write, of PutObject and of CompleteMultipartUpload
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html);
- `aws:PrincipalArn` of a role's session is the role's own ARN with its path, not the session's
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn).
"""

from collections.abc import Callable, Mapping
from typing import Any

from local import private

EVALUATOR = "ministack.core.iam_evaluator"
_SESSION = ":assumed-role/"

Keys = dict[str, Any]


def register() -> None:
    """Have the emulator know the keys. Call once, after `import ministack.app` and before its main."""
    private.wrap("ministack.core.iam_actions.s3_service_context", _with_conditional_write)
    private.wrap(f"{EVALUATOR}._resolve_condition_key", _with_the_roles_arn)


def _with_conditional_write(original: Callable[..., Keys]) -> Callable[..., Keys]:
    def context(
        iam_action: str,
        query_params: Mapping[str, Any] | None,
        path: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Keys:
        found = original(iam_action, query_params, path, headers)
        if iam_action == "s3:PutObject" and (asked := (headers or {}).get("if-none-match")):
            found["s3:if-none-match"] = asked
        return found

    return context


def _with_the_roles_arn(original: Callable[[str, Any], object]) -> Callable[[str, Any], object]:
    def resolve(key: str, ctx: Any) -> object:  # noqa: ANN401 - the emulator's context
        if key.lower() != "aws:principalarn" or _SESSION not in ctx.principal_arn:
            return original(key, ctx)
        role = private.find("ministack.services.iam._roles").get(ctx.principal_arn.split("/")[1])
        return role["Arn"] if role else original(key, ctx)

    return resolve
