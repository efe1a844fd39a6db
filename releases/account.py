"""The agency's account as the operators' commands see it: stacks, change sets, audit entries."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from lambdas.release.records import endpoint_of, stack_of
from releases.history import Entry, Transition, transition

_SETTLED = ("_COMPLETE", "_FAILED")
_PATIENT = Config(read_timeout=310, retries={"total_max_attempts": 1})  # a function has five minutes, and is asked once
_COULD_NOT_FIND = "could not find"
CALLERS, REFUSED = "atoll:callers", "refused"  # stacks.components.endpoint_access


class CommandError(Exception):
    """A command can't be carried out; the text says why and what to do."""


class Account:
    """One model's releases in the account of a boto3 session.

    Raises:
        CommandError: from any method, where Atoll is not deployed or the model is not one of its models.
    """

    def __init__(self, session: Any, model: str | None) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._cloudformation = session.client("cloudformation")
        self._s3 = session.client("s3")
        self._sagemaker = session.client("sagemaker")
        self._lambda = session.client("lambda", config=_PATIENT)
        self.model = model or self._only_model()
        if self.model not in self._models():
            raise CommandError(f"--model is {self.model!r}, expected one of {', '.join(self._models())}.")
        self._stack = {"StackName": stack_of(self.model)}

    def _models(self) -> list[str]:
        return self._outputs["Models"].split(",")

    def _only_model(self) -> str:
        models = self._models()
        if len(models) > 1:
            raise CommandError(f"Several models are deployed: name one with --model: {', '.join(models)}.")
        return models[0]

    @cached_property
    def _outputs(self) -> dict[str, str]:
        stacks = ("Atoll-Foundation", "Atoll-Release")
        return {key: value for name in stacks for key, value in self._outputs_of(name).items()}

    def _outputs_of(self, stack: str) -> dict[str, str]:
        try:
            found = self._cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                raise CommandError(f"{stack} is not deployed in this account and region. Check both.") from error
            raise
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    def transitions(self) -> list[Transition]:
        """Return every transition of the model's releases and jobs, from the keys of the audit entries."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._outputs["AuditBucket"], Prefix="audit/")
        keys = (transition(item["Key"]) for page in pages for item in page.get("Contents", []))
        return [found for found in keys if found and found.model == self.model]

    def entries(self, transitions: Iterable[Transition]) -> list[Entry]:
        """Read the entries of these transitions, the oldest first."""
        with ThreadPoolExecutor(8) as readers:
            return list(readers.map(self._entry, sorted(transitions)))

    def _entry(self, step: Transition) -> Entry:
        found = self._s3.get_object(Bucket=self._outputs["AuditBucket"], Key=step.key)
        body = json.loads(found["Body"].read())
        return Entry(at=step.at, subject=step.subject, what=step.what, who=body["who"], details=body["details"])

    def stack(self) -> dict[str, Any]:
        """Return the endpoint's stack as CloudFormation describes it."""
        return self._cloudformation.describe_stacks(**self._stack)["Stacks"][0]

    def serving(self) -> dict[str, str]:
        """Return the stack's parameters: those of the release that serves; empty values when none does."""
        return {p["ParameterKey"]: p["ParameterValue"] for p in self.stack().get("Parameters", [])}

    def last_operation(self) -> datetime | None:
        """Return when the stack's last operation began; None before any but its creation."""
        return self.stack().get("LastUpdatedTime")

    def is_settled(self, since: datetime | None) -> bool:
        """Say whether an operation has begun on the stack since then (a `last_operation`), and none runs any more.

        Right after a change set's execution the stack may still tell of the operation before it.
        """
        found = self.stack()
        status = found["StackStatus"]
        done = status.endswith(_SETTLED) and not status.endswith("CLEANUP_IN_PROGRESS")
        return done and found.get("LastUpdatedTime") != since

    def endpoint(self) -> str | None:
        """Return the endpoint's status; None when SageMaker says that there is none: the only proof of a stop."""
        try:
            return self._sagemaker.describe_endpoint(EndpointName=endpoint_of(self.model))["EndpointStatus"]
        except ClientError as error:
            if _COULD_NOT_FIND in str(error).lower():
                return None
            raise

    def refuse_callers(self) -> None:
        """Set the tag on the endpoint that every right of ours to call it demands otherwise; it takes effect at once.

        Nothing happens when there is no endpoint.
        """
        try:
            found = self._sagemaker.describe_endpoint(EndpointName=endpoint_of(self.model))
            self._sagemaker.add_tags(ResourceArn=found["EndpointArn"], Tags=[{"Key": CALLERS, "Value": REFUSED}])
        except ClientError as error:
            if _COULD_NOT_FIND not in str(error).lower():
                raise

    def delete_endpoint(self) -> str:
        """Ask SageMaker to delete the endpoint; return its refusal, empty when it took the request or found nothing.

        An endpoint that is being created or maintained can't be deleted, and one that is being updated may survive:
        ask again until `endpoint` finds none.
        """
        try:
            self._sagemaker.delete_endpoint(EndpointName=endpoint_of(self.model))
        except ClientError as error:
            if "AccessDenied" in error.response["Error"]["Code"]:
                raise
            return "" if _COULD_NOT_FIND in str(error).lower() else str(error)
        return ""

    def waiting(self) -> dict[str, datetime]:
        """Return the change sets that can be executed, with the time of their making."""
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(**self._stack)
        found = (item for page in pages for item in page["Summaries"])
        return {c["ChangeSetName"]: c["CreationTime"] for c in found if c["ExecutionStatus"] == "AVAILABLE"}

    def change_set(self, name: str) -> dict[str, Any]:
        """Return a change set's description, parameters and changes.

        Raises:
            CommandError: there is none of this name.
        """
        try:
            return self._cloudformation.describe_change_set(**self._stack, ChangeSetName=name)
        except ClientError as error:
            if "NotFound" in error.response["Error"]["Code"]:
                raise CommandError(
                    f"No change set {name} waits. `python -m releases list` shows those that do."
                ) from error
            raise

    def execute(self, name: str) -> dict[str, str]:
        """Execute a change set; IAM decides whether the caller may."""
        self._cloudformation.execute_change_set(**self._stack, ChangeSetName=name)
        return {"change_set": name}

    def delete(self, name: str) -> None:
        """Delete a change set that was not executed."""
        self._cloudformation.delete_change_set(**self._stack, ChangeSetName=name)

    def ask(self, release: str, reason: str) -> dict[str, str]:
        """Have the platform go back to a release, or stop where it is empty; return its change set and the call's id.

        The platform takes what the change set brings from its record; IAM decides whether the caller may ask.

        Raises:
            CommandError: the platform refuses, or its function failed.
        """
        return self._call("WayBackAsked", {"model": self.model, "release": release, "reason": reason})

    def rebuild_registry(self, reason: str) -> list[str]:
        """Have the platform write the model's copy in MLflow anew; return its versions.

        Raises:
            CommandError: the platform refuses, or its function failed.
        """
        return self._call("Reconcile", {"rebuild": self.model, "reason": reason})["versions"]

    def adopt(self, confirms: str, reason: str) -> dict[str, Any]:
        """Ask that what serves is adopted, or confirm what another person asked; return the call's id and what it is.

        Raises:
            CommandError: the platform refuses, or its function failed.
        """
        return self._call("Reconcile", {"adopt": self.model, "confirms": confirms, "reason": reason})

    def ask_again(self, manifest: str, reason: str) -> dict[str, Any]:
        """Ask for a moved model by its manifest's hash; return the call's id and what stands in a job's place.

        Raises:
            CommandError: the platform refuses, or its function failed.
        """
        return self._call("Reconcile", {"ask_again": self.model, "manifest_sha256": manifest, "reason": reason})

    def _call(self, function: str, asked: dict[str, str]) -> dict[str, Any]:
        called = self._lambda.invoke(FunctionName=self._outputs[f"{function}Function"], Payload=json.dumps(asked))
        answer = json.loads(called["Payload"].read())
        if "FunctionError" in called:
            raise CommandError(f"The platform's function failed: {answer.get('errorMessage', answer)}")
        if "refused" in answer:
            raise CommandError(answer["refused"])
        return answer

    def give_reason(self, release: str, reason: str) -> None:
        """Keep why a release is rejected, under Object Lock; the first reason stands."""
        key = f"reasons/{self.model}/{release}.json"
        body = json.dumps({"release": release, "reason": reason}, sort_keys=True).encode()
        try:
            self._s3.put_object(Bucket=self._outputs["AuditBucket"], Key=key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
