"""Change sets of the endpoints' stacks."""

from typing import Any

from botocore.exceptions import ClientError, WaiterError

from lambdas.release.ports import ChangeSetError
from lambdas.release.records import Release, stack_of

NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class CloudFormationChangeSets:
    """`ports.ChangeSets` over a boto3 `cloudformation` client.

    No capability is ever given: a template that holds IAM resources is refused by CloudFormation itself.
    """

    def __init__(self, cloudformation: Any, *, role_arn: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._cloudformation = cloudformation
        self._role = role_arn

    def request(self, model: str, name: str, release: Release, description: str, template: str | None = None) -> None:
        """Create a change set and wait until it can be executed; fine when it exists with the same parameters.

        Raises:
            ChangeSetError: CloudFormation refused it, or one with other parameters holds the name.
        """
        target = {"StackName": stack_of(model), "ChangeSetName": name}
        existing = self._describe(target)
        if existing and _is_spent(existing, release):
            self._cloudformation.delete_change_set(**target)
            existing = None
        if not existing:
            parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in release.parameters().items()]
            body = {"UsePreviousTemplate": True} if template is None else {"TemplateBody": template}
            self._cloudformation.create_change_set(
                **target, **body, RoleARN=self._role, Parameters=parameters, Description=description
            )
        self._wait(target)
        if (asked := _parameters(self._describe(target))) != release.parameters():
            raise ChangeSetError(
                f"{name} exists with other parameters: {asked}, expected {release.parameters()}. Delete it."
            )

    def execute(self, model: str, name: str) -> None:
        """Execute a change set; the narrow policy lets only `back-*` and `stop-*` through."""
        self._cloudformation.execute_change_set(StackName=stack_of(model), ChangeSetName=name)

    def _describe(self, target: dict[str, str]) -> dict[str, Any] | None:
        try:
            return self._cloudformation.describe_change_set(**target)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"ChangeSetNotFound", "ChangeSetNotFoundException"}:
                return None
            raise

    def _wait(self, target: dict[str, str]) -> None:
        waiter = self._cloudformation.get_waiter("change_set_create_complete")
        try:
            waiter.wait(**target, WaiterConfig={"Delay": 1, "MaxAttempts": 90})
        except WaiterError as error:
            reason = error.last_response.get("StatusReason", str(error))
            if any(words in reason for words in NO_CHANGES):
                return
            raise ChangeSetError(
                f"{target['ChangeSetName']} of {target['StackName']} could not be made: {reason}"
            ) from error


def _is_spent(existing: dict[str, Any], release: Release) -> bool:
    """Say whether a change set of this name is of no more use: it failed, or an earlier version's was executed."""
    executed = existing["ExecutionStatus"].startswith("EXECUTE_")
    return existing["Status"] == "FAILED" or (executed and _parameters(existing) != release.parameters())


def _parameters(change_set: dict[str, Any] | None) -> dict[str, str]:
    found = change_set["Parameters"] if change_set else []
    return {p["ParameterKey"]: p["ParameterValue"] for p in found if p["ParameterKey"] in Release().parameters()}
