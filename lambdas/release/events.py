"""The EventBridge events that the release path takes, parsed into records; an unknown shape is a clear error."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError, model_validator

from lambdas.release.records import STACK_PREFIX, Creation, Execution, Start, endpoint_of, name_of, stack_of

REDELIVERY = "atoll.redelivery"
"""The bus of events that our functions send again, and the source of their envelopes (stacks/components/events.py)."""


class EventError(ValueError):
    """An event is not of the shape that its rule promises; it ends in the dead-letter queue."""


class Event(BaseModel):
    """What all events have: the time at which it happened."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: datetime = Field(validation_alias="time")
    redelivered: bool = False  # came in an envelope of our own bus: what it says is looked up before it is believed


E = TypeVar("E", bound=BaseModel)


class TrainingJobEnded(Event):
    """`SageMaker Training Job State Change` with a final status."""

    source: Literal["aws.sagemaker"]
    kind: Literal["SageMaker Training Job State Change"] = Field(validation_alias="detail-type")
    job_name: str = Field(validation_alias=AliasPath("detail", "TrainingJobName"))
    status: Literal["Completed", "Failed", "Stopped"] = Field(validation_alias=AliasPath("detail", "TrainingJobStatus"))


class StackStatusChanged(Event):
    """`CloudFormation Stack Status Change` of an endpoint's stack."""

    source: Literal["aws.cloudformation"]
    kind: Literal["CloudFormation Stack Status Change"] = Field(validation_alias="detail-type")
    stack_id: str = Field(validation_alias=AliasPath("detail", "stack-id"), pattern=f":stack/{STACK_PREFIX}[^/]+/")
    status: str = Field(validation_alias=AliasPath("detail", "status-details", "status"))

    @property
    def model(self) -> str:
        """The model whose endpoint the stack holds."""
        return self.stack_id.split("/")[1].removeprefix(STACK_PREFIX)


class EndpointChanged(Event):
    """SageMaker's own events of an endpoint: of its state, and of a deployment that moves its traffic.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """

    source: Literal["aws.sagemaker"]
    kind: Literal["SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"] = Field(
        validation_alias="detail-type"
    )
    endpoint: str = Field(
        validation_alias=AliasPath("detail", "EndpointName"), pattern=f"^{re.escape(endpoint_of(''))}."
    )

    @property
    def model(self) -> str:
        """The model that the endpoint serves."""
        return self.endpoint.removeprefix(endpoint_of(""))


def kind_of_change(event: Mapping[str, Any]) -> "type[StackStatusChanged | EndpointChanged]":
    """Return as what `release_settled` reads an event: one of the endpoint itself, or of its stack."""
    return EndpointChanged if event.get("source") == "aws.sagemaker" else StackStatusChanged


class StackCalled(Event):
    """`AWS API Call via CloudTrail`: somebody called an operation of a stack, with or without success."""

    kind: Literal["AWS API Call via CloudTrail"] = Field(validation_alias="detail-type")
    change_set: str = Field(default="", validation_alias=AliasPath("detail", "requestParameters", "changeSetName"))
    stack: str = Field(default="", validation_alias=AliasPath("detail", "requestParameters", "stackName"))
    who: str = Field(default="", validation_alias=AliasPath("detail", "userIdentity", "arn"))
    role: str = Field(
        default="", validation_alias=AliasPath("detail", "userIdentity", "sessionContext", "sessionIssuer", "arn")
    )
    denied: str | None = Field(default=None, validation_alias=AliasPath("detail", "errorCode"))
    message: str | None = Field(default=None, validation_alias=AliasPath("detail", "errorMessage"))

    def execution(self) -> Execution:
        """Return the try: names of change set and stack out of names or ARNs, the person out of the session's name."""
        return Execution(
            change_set=name_of(self.change_set),
            stack=stack_named({"stackName": self.stack}) or _stack_told(self.message or ""),
            message=self.message or "",
            who=person_of(self.who),
            role=self.role,
            at=self.at,
            denied=self.denied or "",
        )


class ChangeSetMade(StackCalled):
    """Somebody made a change set; the answer tells its ARN.

    CloudTrail has a call's answer under `responseElements`
    (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html), and
    CreateChangeSet answers `Id`
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
    """

    name: Literal["CreateChangeSet"] = Field(validation_alias=AliasPath("detail", "eventName"))
    arn: str = Field(min_length=1, validation_alias=AliasPath("detail", "responseElements", "id"))


class JobStarted(Event):
    """Somebody called CreateTrainingJob; the answer tells the job's ARN.

    A pipeline's job is started by a session of the pipeline's role, a trial by SageMaker itself, which has no ARN
    (https://docs.aws.amazon.com/sagemaker/latest/dg/logging-using-cloudtrail.html).
    """

    kind: Literal["AWS API Call via CloudTrail"] = Field(validation_alias="detail-type")
    name: Literal["CreateTrainingJob"] = Field(validation_alias=AliasPath("detail", "eventName"))
    arn: str = Field(min_length=1, validation_alias=AliasPath("detail", "responseElements", "trainingJobArn"))
    who: str = Field(default="", validation_alias=AliasPath("detail", "userIdentity", "arn"))
    role: str = Field(
        default="", validation_alias=AliasPath("detail", "userIdentity", "sessionContext", "sessionIssuer", "arn")
    )


class ChangeSetCalled(StackCalled):
    """Somebody executed or deleted a change set, with or without success."""

    @model_validator(mode="after")
    def names_what_it_is_about(self) -> Self:
        """Demand a change set's name of a call that succeeded; CloudTrail's records of others may have null in place.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
        """
        if not (self.change_set or self.denied):
            raise ValueError("a call that succeeded names its change set, got none")
        return self


def _stack_told(message: str) -> str:
    """Return the stack that a denial's message names by its ARN (`... on resource: arn:...:stack/<name>/<id>`)."""
    found = re.search(r":stack/([^/\s]+)/", message)
    return found.group(1) if found else ""


class ChangeSetExecuted(ChangeSetCalled):
    """Somebody called ExecuteChangeSet."""

    name: Literal["ExecuteChangeSet"] = Field(validation_alias=AliasPath("detail", "eventName"))


class ChangeSetDeleted(ChangeSetCalled):
    """Somebody called DeleteChangeSet."""

    name: Literal["DeleteChangeSet"] = Field(validation_alias=AliasPath("detail", "eventName"))


class FunctionInvoked(Event):
    """`AWS API Call via CloudTrail`: somebody called a function, with or without success.

    The request's id is the call's own, the one that the function sees:
    https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
    """

    kind: Literal["AWS API Call via CloudTrail"] = Field(validation_alias="detail-type")
    name: Literal["Invoke"] = Field(validation_alias=AliasPath("detail", "eventName"))
    request: str = Field(validation_alias=AliasPath("detail", "requestID"), min_length=1)
    function: str = Field(validation_alias=AliasPath("detail", "requestParameters", "functionName"), min_length=1)
    who: str = Field(validation_alias=AliasPath("detail", "userIdentity", "arn"), min_length=1)
    role: str = Field(
        default="", validation_alias=AliasPath("detail", "userIdentity", "sessionContext", "sessionIssuer", "arn")
    )
    denied: str | None = Field(default=None, validation_alias=AliasPath("detail", "errorCode"))

    @property
    def caller(self) -> str:
        """The person, out of the session's name."""
        return person_of(self.who)

    @property
    def function_name(self) -> str:
        """The function's name, out of its name or its ARN."""
        return self.function.rpartition(":function:")[2].partition(":")[0]


class WayBackAsked(BaseModel):
    """What a person asks `way_back_asked`: go back to a release, or stop where it is empty. Nothing else is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    model: str
    release: str = ""
    reason: str = Field(min_length=1, max_length=1000)


class RebuildAsked(BaseModel):
    """What a person asks `reconcile`: write a model's copy in MLflow anew. Nothing else is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rebuild: str
    reason: str = Field(min_length=1, max_length=1000)


class AdoptionAsked(BaseModel):
    """What a person asks `reconcile`: adopt what a model serves, or confirm that another person asked so."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    adopt: str
    confirms: str = ""  # the id of the call that asked
    reason: str = Field(min_length=1, max_length=1000)


class MovedAsked(BaseModel):
    """What a person asks `reconcile`: ask for a model again, from the sealed archive of this manifest's hash."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    ask_again: str
    manifest_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    reason: str = Field(min_length=1, max_length=1000)


class Scheduled(Event):
    """`Scheduled Event`: it is time to look for what was lost."""

    source: Literal["aws.events"]
    kind: Literal["Scheduled Event"] = Field(validation_alias="detail-type")


def person_of(arn: str) -> str:
    """Return the person out of the ARN of a session: its name."""
    return re.split("[:/]", arn)[-1]


def execution_of(call: Mapping[str, Any]) -> Execution | None:
    """Return a call of the trail's as a try; None when it is of no shape that names anybody or anything of ours."""
    try:
        return parse(ChangeSetCalled, called_again(call)).execution()
    except EventError:
        return None


def operation_of(call: Mapping[str, Any]) -> Execution | None:
    """Return a call on a stack as a try, whether it named a change set or not; None when it is of no such shape."""
    try:
        return parse(StackCalled, called_again(call)).execution()
    except EventError:
        return None


def creation_of(call: Mapping[str, Any]) -> Creation | None:
    """Return a call of the trail's as the making of a change set; None when it is of no such shape."""
    try:
        made = parse(ChangeSetMade, called_again(call))
    except EventError:
        return None
    return Creation(arn=made.arn, stack=stack_named({"stackName": made.stack}), role=made.role, at=made.at)


def start_of(call: Mapping[str, Any]) -> Start | None:
    """Return a call of the trail's as the start of a training job; None when it is of no such shape."""
    try:
        made = parse(JobStarted, called_again(call))
    except EventError:
        return None
    return Start(arn=made.arn, who=person_of(made.who), role=made.role, at=made.at)


def role_of(arn: str) -> tuple[str, str]:
    """Return account and name of a role, which is unique in its account whatever its path."""
    account, _, resource = arn.rpartition(":")
    return account, resource.rpartition("/")[2]


def stack_named(asked: Mapping[str, Any]) -> str:
    """Return the name of the stack that a call's parameters name, by name or by ARN; empty when they name none."""
    return str(asked.get("stackName", "")).split(":stack/")[-1].split("/")[0]


def settled_again(model: str, at: datetime) -> dict[str, Any]:
    """Return the event by which `release_settled` looks at a model's stack once more."""
    detail = {"stack-id": f"again:stack/{stack_of(model)}/", "status-details": {"status": "UPDATE_COMPLETE"}}
    return _again("aws.cloudformation", "CloudFormation Stack Status Change", at, detail)


def ended_again(job: str, status: str, at: datetime) -> dict[str, Any]:
    """Return the event by which `training_completed` looks at a job, and at its request, once more."""
    detail = {"TrainingJobName": job, "TrainingJobStatus": status}
    return _again("aws.sagemaker", "SageMaker Training Job State Change", at, detail)


def called_again(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return CloudTrail's record of a call as the event that was lost."""
    return _again("aws.cloudformation", "AWS API Call via CloudTrail", call["eventTime"], call)


def _again(source: str, kind: str, at: datetime | str, detail: Mapping[str, Any]) -> dict[str, Any]:
    time = at if isinstance(at, str) else at.isoformat()
    return {"id": "redelivered", "source": source, "detail-type": kind, "time": time, "detail": dict(detail)}


def sent_again(function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the envelope in which an event comes to a function over our own bus."""
    return {"source": REDELIVERY, "detail-type": function, "detail": dict(event)}


def parse(kind: type[E], event: dict[str, Any]) -> E:
    """Parse an event, out of its envelope where one of our functions sent it again.

    Raises:
        EventError: a field is missing or has a value that the rule should not let through.
    """
    again = event.get("source") == REDELIVERY
    event = event.get("detail", {}) if again else event
    try:
        return kind.model_validate(event | ({"redelivered": True} if again else {}))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, f['loc']))}: {f['msg']}, got {f.get('input')!r:.200}" for f in error.errors()
        )
        raise EventError(
            f"Event {event.get('id')!r} is no {kind.__name__}: {faults}. Compare the rule's pattern."
        ) from error
