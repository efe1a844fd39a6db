"""Change sets of the endpoints' stacks."""

import secrets
from typing import Any

from botocore.exceptions import ClientError, WaiterError
from botocore.handlers import json_decode_template_body

from lambdas.release.ports import AlreadyExecutedError, ChangeSetError, StackMovesError
from lambdas.release.records import BACKWARD, Brought, Release, stack_of

_NOT_FOUND = {"ChangeSetNotFound", "ChangeSetNotFoundException"}
_USED = {"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"}
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class CloudFormationChangeSets:
    """`ports.ChangeSets` over a boto3 `cloudformation` client.

    No capability is ever given: a template that holds IAM resources is refused by CloudFormation itself.
    """

    def __init__(self, cloudformation: Any, *, role_arn: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._cloudformation = with_templates_as_texts(cloudformation)
        self._role = role_arn

    def request(self, model: str, name: str, release: Release, description: str) -> str:
        """Create a release's change set over the stack's template; return its ARN once it can be executed.

        Raises:
            AlreadyExecutedError: one with these parameters is or was executed under the name.
            ChangeSetError: CloudFormation refused it.
            StackMovesError: another operation of the stack runs.
        """
        target = {"StackName": stack_of(model), "ChangeSetName": name}
        existing = self._describe(target)
        if existing and existing["ExecutionStatus"] in _USED and _parameters(existing) == release.parameters():
            raise AlreadyExecutedError(existing["ChangeSetId"])
        if existing:
            self._cloudformation.delete_change_set(**target)
        return self._make(target, release, description, None)

    def prepare(
        self, model: str, stem: str, release: Release, description: str, template: str | None = None
    ) -> str | None:
        """Create a way back's change set under a name that nobody can guess; None when there is nothing to change.

        Raises:
            ChangeSetError: CloudFormation refused it.
        """
        for left in self._listed(model):
            if left["ChangeSetName"].startswith(BACKWARD) and left["ExecutionStatus"] not in _USED:
                self.delete(model, left["ChangeSetId"])
        target = {"StackName": stack_of(model), "ChangeSetName": f"{stem}-{secrets.token_hex(8)}"}
        made = self._make(target, release, description, template)
        return made if self.waits(model, made) else None

    def execute(self, model: str, arn: str) -> None:
        """Execute a way back by its ARN; the narrow policy lets only `home-*` and `halt-*` through."""
        self._cloudformation.execute_change_set(StackName=stack_of(model), ChangeSetName=arn)

    def brings(self, model: str, name: str) -> Brought | None:
        """Return what a change set brings, also while it is executed and afterwards; None when there is none.

        AWS answers both for a change set that was executed: it deletes the others of the stack, not that one
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html).
        """
        target = {"StackName": stack_of(model), "ChangeSetName": name}
        if (found := self._describe(target)) is None:
            return None
        template = self._cloudformation.get_template(**target, TemplateStage="Original")["TemplateBody"]
        runs = found["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"
        return Brought(template=template, release=Release.of(_parameters(found)), runs=runs)

    def cancel(self, model: str) -> bool:
        """Cancel an update that runs; False when CloudFormation takes no cancelling: only UPDATE_IN_PROGRESS does.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html
        """
        try:
            self._cloudformation.cancel_update_stack(StackName=stack_of(model))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return False
            raise
        return True

    def take_back(self, model: str) -> None:
        """Take back an update that failed and was left halfway, under the narrow role.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
        """
        self._cloudformation.rollback_stack(StackName=stack_of(model), RoleARN=self._role)

    def waits(self, model: str, name: str) -> bool:
        """Say whether a change set exists and can be executed."""
        return _can_be_executed(self._describe({"StackName": stack_of(model), "ChangeSetName": name}))

    def offered(self, model: str) -> list[str]:
        """Return the names of all change sets that can be executed."""
        return [each["ChangeSetName"] for each in self._listed(model) if _can_be_executed(each)]

    def delete(self, model: str, name: str) -> bool:
        """Delete a change set; False when it can't be deleted, for it is being executed. Fine when there is none."""
        try:
            self._cloudformation.delete_change_set(StackName=stack_of(model), ChangeSetName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return True
            if error.response["Error"]["Code"].startswith("InvalidChangeSetStatus"):
                return False
            raise
        return True

    def _listed(self, model: str) -> list[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(StackName=stack_of(model))
        return [each for page in pages for each in page["Summaries"]]

    def _make(self, target: dict[str, str], release: Release, description: str, template: str | None) -> str:
        parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in release.parameters().items()]
        body = {"UsePreviousTemplate": True} if template is None else {"TemplateBody": template}
        try:
            made = self._cloudformation.create_change_set(
                **target, **body, RoleARN=self._role, Parameters=parameters, Description=description
            )["Id"]
        except ClientError as error:
            if "_IN_PROGRESS state and can not be updated" in str(error):
                raise StackMovesError(f"{target['ChangeSetName']} waits: {error}") from error
            raise
        self._wait(target | {"ChangeSetName": made})
        return made

    def _describe(self, target: dict[str, str]) -> dict[str, Any] | None:
        try:
            return self._cloudformation.describe_change_set(**target)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
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


def with_templates_as_texts(cloudformation: Any) -> Any:  # noqa: ANN401 - boto3's clients
    """Have a client leave templates as they are: two texts of one meaning to the SDK may be two to CloudFormation."""
    cloudformation.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
    return cloudformation


def _can_be_executed(change_set: dict[str, Any] | None) -> bool:
    return change_set is not None and change_set["ExecutionStatus"] == "AVAILABLE"


def _parameters(change_set: dict[str, Any]) -> dict[str, str]:
    found = change_set["Parameters"]
    return {p["ParameterKey"]: p["ParameterValue"] for p in found if p["ParameterKey"] in Release().parameters()}
