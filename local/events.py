"""The EventBridge and CloudTrail events of CloudFormation that the emulator doesn't send.

- `CloudFormation Stack Status Change` on each change of a stack's status;
- `AWS API Call via CloudTrail` for CreateChangeSet, ExecuteChangeSet, DeleteChangeSet and UpdateStack of every stack
  and by everybody, with the caller's identity and what CreateChangeSet answered, and for those that IAM refuses:
  without parameters, as CloudTrail's records of denied calls may be. They come minutes later (of the fast clock), after
  the stack's own events have begun;
- the same for SageMaker's CreateTrainingJob and CreateHyperParameterTuningJob (trials are SageMaker's own, no calls);
- the very same records in LookupEvents, as late, as the emulator's own name neither the caller nor the parameters as
  CloudTrail does;
- the same event for each call of a function (`Invoke`, a data event, which LookupEvents doesn't hold);
- the true names of the other query-protocol calls (CreateStack rather than "POST.cloudformation") in LookupEvents.

Shapes: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from local import private
from local.sagemaker import clock

STACK_TYPE = "AWS::CloudFormation::Stack"
TRAILED_CALLS = ("CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "UpdateStack")
STARTS = ("CreateTrainingJob", "CreateHyperParameterTuningJob")
"""SageMaker's calls that are told of likewise."""
_ANSWERED = {"CreateChangeSet": ("Id", "StackId")}
"""Of which calls CloudTrail keeps the answer, in its own spelling (`id`, `stackId`)."""
LAG_SECONDS = 5 * 60
"""From a call to its record: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html."""

_CLOUDFORMATION = "ministack.services.cloudformation"
_APP = "ministack.app"
_LAMBDA = "ministack.services.lambda_svc"
_OK = 200

Handler = Callable[[Mapping[str, object]], tuple]
_calls: ContextVar[str] = ContextVar("calls", default="")
"""Who calls a function by Invoke; empty outside of that."""


def register() -> None:
    """Have the emulator send these events. Call once, after `import ministack.app` and before its main."""
    for module in ("stacks", "changesets", "handlers"):
        private.wrap(f"{_CLOUDFORMATION}.{module}._add_event", _announcing_stack_status)
    handlers = private.find(f"{_CLOUDFORMATION}._ACTION_HANDLERS")
    for call in TRAILED_CALLS:
        handlers[call] = _announcing_call(call, handlers[call])
    private.wrap(f"{_APP}._maybe_record_cloudtrail", _with_body_parameters)
    private.wrap(f"{_LAMBDA}._invoke", _knowing_who_calls)
    private.wrap(f"{_LAMBDA}._execute_function_dispatch", _announcing_invocation)
    private.wrap("ministack.core.iam_actions.access_denied_response", _announcing_denial)


def send_event(source: str, detail_type: str, detail: Mapping[str, object], resources: list[str]) -> None:
    """Put an event of an AWS service (`source` = `aws.*`) on the default bus; from any thread."""
    put_events = private.find("ministack.services.eventbridge._put_events")
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": resources}
    put_events({"Entries": [entry]}, allow_aws_source=True)


def tell_start(call: str, params: Mapping[str, object], answer: Mapping[str, object]) -> None:
    """Tell that somebody started jobs, in the spelling of CloudTrail (`trainingJobName`); on the event loop.

    https://docs.aws.amazon.com/sagemaker/latest/dg/understanding-sagemaker-entries.html
    """
    who = private.find("ministack.core.iam_evaluator.caller_arn")()
    detail = _detail("sagemaker.amazonaws.com", call, _spelt(params), who)
    _tell_later(detail | {"responseElements": _spelt(answer)}, "aws.sagemaker")


def _spelt(members: object) -> Any:  # noqa: ANN401 - a call's JSON
    """Spell a call's members as CloudTrail does; also keys that the caller chose (hyperparameters)."""
    if isinstance(members, Mapping):
        return {name[:1].lower() + name[1:]: _spelt(value) for name, value in members.items()}
    return [_spelt(each) for each in members] if isinstance(members, list) else members


def _announcing_stack_status(original: Callable[..., None]) -> Callable[..., None]:
    def add_event(  # noqa: PLR0913, PLR0917 - the emulator's signature
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        original(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status)
        if resource_type != STACK_TYPE or logical_id != stack_name:
            return
        detail = {
            "stack-id": stack_id,
            "status-details": {"status": status, "status-reason": reason},
            "client-request-token": private.find(f"{_CLOUDFORMATION}.stacks.CLIENT_REQUEST_TOKEN").get(),
        }
        _soon(lambda: send_event("aws.cloudformation", "CloudFormation Stack Status Change", detail, [stack_id]))

    return add_event


def _soon(send: Callable[[], None]) -> None:
    """Send after the emulator has finished its own step, so that a target sees the state that the event tells of."""
    try:
        asyncio.get_running_loop().call_soon(send)
    except RuntimeError:  # a worker thread: there is no step to wait for
        send()


def _tell_later(detail: Mapping[str, object], source: str = "aws.cloudformation") -> None:
    """Put a call into the trail and onto the bus when CloudTrail would."""
    record = _trail_record(detail)

    def tell() -> None:
        private.find("ministack.services.cloudtrail._get_event_queue")().append(record)
        send_event(source, "AWS API Call via CloudTrail", detail, [])

    asyncio.get_running_loop().call_later(clock.real(LAG_SECONDS), tell)


def _knowing_who_calls(original: Callable[..., Awaitable[tuple]]) -> Callable[..., Awaitable[tuple]]:
    async def invoke(name: str, *given: object, **named: object) -> tuple:
        token = _calls.set(private.find("ministack.core.iam_evaluator.caller_arn")())
        try:
            return await original(name, *given, **named)
        finally:
            _calls.reset(token)

    return invoke


def _announcing_invocation(original: Callable[..., dict]) -> Callable[..., dict]:
    """Tell of a function that somebody calls; those that the emulator's own services call are not told of."""

    def dispatch(
        func: Mapping[str, object],
        config: Mapping[str, object],
        event: object,
        request_id: str,
        started: float,
    ) -> dict:
        if who := _calls.get():
            asked = {"functionName": config["FunctionArn"], "invocationType": "RequestResponse"}
            detail = _detail("lambda.amazonaws.com", "Invoke", asked, who)
            detail |= {"requestID": request_id, "managementEvent": False, "eventCategory": "Data"}
            _soon(lambda: send_event("aws.lambda", "AWS API Call via CloudTrail", detail, []))
        return original(func, config, event, request_id, started)

    return dispatch


def _announcing_call(call: str, original: Handler) -> Handler:
    def handler(params: Mapping[str, object]) -> tuple:
        detail = _call_detail(call, params)  # before: no call comes after what it begins
        response = original(params)
        if response[0] == _OK:
            _tell_later(detail | {"responseElements": _answer(call, response)})
        return response

    return handler


def _answer(call: str, response: tuple) -> dict[str, str] | None:
    text = response[2].decode() if isinstance(response[2], bytes) else str(response[2])
    found = {name: re.search(rf"<{name}>([^<]+)</{name}>", text) for name in _ANSWERED.get(call, ())}
    return {name[0].lower() + name[1:]: each.group(1) for name, each in found.items() if each} or None


def _announcing_denial(original: Callable[..., tuple]) -> Callable[..., tuple]:
    """Tell of a call that IAM refused: with the error, and without parameters, as CloudTrail does for some services."""
    message = private.find("ministack.core.iam_actions.identity_denial_message")

    def denial(service: str, action: str, principal_arn: str, request_id: str, **details: Any) -> tuple:  # noqa: ANN401
        call = action.partition(":")[2]
        if service == "cloudformation" and call in TRAILED_CALLS and not details.get("error_code"):  # IAM judged it
            why = details.get("message") or message(
                action, principal_arn, details.get("resource_arn", "*"), bool(details.get("explicit_deny"))
            )
            denied = {"requestParameters": None, "errorCode": "AccessDenied", "errorMessage": why}
            _tell_later(_call_detail(call, {}, principal_arn) | denied)
        return original(service, action, principal_arn, request_id, **details)

    return denial


def _call_detail(call: str, params: Mapping[str, object], caller: str = "") -> dict[str, object]:
    parameter = private.find(f"{_CLOUDFORMATION}.helpers._p")
    given = {
        "changeSetName": parameter(params, "ChangeSetName"),
        "stackName": parameter(params, "StackName"),
        "clientRequestToken": parameter(params, "ClientRequestToken"),
    }
    asked = {name: value for name, value in given.items() if value}
    who = caller or private.find("ministack.core.iam_evaluator.caller_arn")()
    return _detail("cloudformation.amazonaws.com", call, asked, who)


def _detail(source: str, call: str, asked: Mapping[str, object], who: str) -> dict[str, object]:
    return {
        "eventVersion": "1.11",
        "userIdentity": caller_identity(who),
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": call,
        "awsRegion": private.find("ministack.core.responses.get_region")(),
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": dict(asked),
        "responseElements": None,
        "eventID": str(uuid4()),
        "eventType": "AwsApiCall",
        "readOnly": False,
        "managementEvent": True,
        "recipientAccountId": private.find("ministack.core.responses.get_account_id")(),
    }


def _trail_record(detail: Mapping[str, object]) -> dict[str, object]:
    """Give a call as LookupEvents tells of it."""
    return {
        "EventId": detail["eventID"],
        "EventName": detail["eventName"],
        "EventSource": detail["eventSource"],
        "EventTime": datetime.fromisoformat(str(detail["eventTime"])).timestamp(),
        "ReadOnly": "false",
        "Resources": [],
        "CloudTrailEvent": json.dumps(detail),
    }


def caller_identity(arn: str) -> dict[str, object]:
    """CloudTrail's `userIdentity` for a principal's ARN (root, user or assumed role)."""
    partition, account, resource = arn.split(":", 5)[1], arn.split(":", 5)[4], arn.split(":", 5)[5]
    kind, *path = resource.split("/")
    if kind == "assumed-role":
        role, session = path[0], path[-1]
        issuer = {
            "type": "Role",
            "principalId": f"AROA{role.upper()}"[:21],
            "arn": f"arn:{partition}:iam::{account}:role/{role}",
            "accountId": account,
            "userName": role,
        }
        return {
            "type": "AssumedRole",
            "principalId": f"{issuer['principalId']}:{session}",
            "arn": arn,
            "accountId": account,
            "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
        }
    if kind == "user":
        return {"type": "IAMUser", "principalId": path[-1], "arn": arn, "accountId": account, "userName": path[-1]}
    return {"type": "Root", "principalId": account, "arn": arn, "accountId": account}


def _with_body_parameters(original: Callable[..., None]) -> Callable[..., None]:
    merged = private.find(f"{_APP}._routing_params")

    def record(  # noqa: PLR0913, PLR0917 - the emulator's signature
        service: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query_params: Mapping[str, object],
        request_id: str,
        region: str,
    ) -> None:
        params = merged(method, path, headers, body, query_params)
        if service == "cloudformation" and not {*_words(params.get("Action"))}.isdisjoint(TRAILED_CALLS):
            return  # recorded where it is carried out
        if service == "sagemaker" and headers.get("x-amz-target", "").rpartition(".")[2] in STARTS:
            return
        original(service, method, path, headers, body, params, request_id, region)

    return record


def _words(value: object) -> list[object]:
    """A query parameter, which the emulator keeps as a value or as a list of values."""
    return value if isinstance(value, list) else [value]
