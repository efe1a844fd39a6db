"""A name that is taken refuses a creation: what an earlier stack retained is met by the next one.

CloudFormation makes no resource anew that is there under the name that a template gives it; its handlers answer
AlreadyExists: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html,
"create handlers". The emulator takes the existing one over for these types; for others it refuses by itself.
"""

from collections.abc import Callable
from typing import Any

from local import private

NAMED = {
    "AWS::Backup::BackupVault": ("BackupVaultName", "ministack.services.backup._vaults"),
    "AWS::ECR::Repository": ("RepositoryName", "ministack.services.ecr._repositories"),
    "AWS::IAM::Role": ("RoleName", "ministack.services.iam._roles"),
    "AWS::Logs::LogGroup": ("LogGroupName", "ministack.services.cloudwatch_logs._log_groups"),
}
"""Type -> the property that names its resources, and the emulator's table of them by name."""


def register() -> None:
    """Refuse such creations. Call once, after `import ministack.app` and before its main."""
    private.wrap("ministack.services.cloudformation.stacks._provision_resource", _refusing_the_taken)


def _refusing_the_taken(original: Callable[..., tuple]) -> Callable[..., tuple]:
    def provision(resource_type: str, logical_id: str, props: dict[str, Any], stack_name: str) -> tuple:
        named_by, table = NAMED.get(resource_type, ("", ""))
        name = props.get(named_by)
        if name and name in private.find(table):
            raise ValueError(
                f"Resource of type '{resource_type}' with identifier '{name}' already exists. "
                "(HandlerErrorCode: AlreadyExists)"
            )
        return original(resource_type, logical_id, props, stack_name)

    return provision
