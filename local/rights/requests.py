"""The resources that a call names, where the emulator finds none of them, only one, or one in another form than AWS's.

Without an entry the emulator's own finding counts. Forms: the service's page of the Service Authorization Reference.
"""

from collections.abc import Callable, Mapping
from typing import Any

Params = Mapping[str, Any]


def named(action: str, params: Params, place: str) -> tuple[str, ...]:
    """Give the ARNs of all resources that a call names; empty where the emulator's own finding is right.

    Args:
        action: The IAM action.
        params: The request.
        place: How ARNs begin, such as `arn:aws:{service}:us-east-1:123456789012:`.
    """
    service = action.partition(":")[0]
    finder = _OF_ACTION.get(action) or _OF_SERVICE.get(service)
    return tuple(finder(params, place.format(service=service))) if finder else ()


def _log_streams(params: Params, start: str) -> list[str]:
    """CloudWatch Logs judges a log group as `log-group:<name>:log-stream:<stream>`, the stream empty for the group.

    So a statement on `log-group:<name>:*` matches both, as
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html asks.
    """
    group = params.get("logGroupName")
    return [f"{start}log-group:{group}:log-stream:{params.get('logStreamName', '')}"] if group else []


def _alarms(params: Params, start: str) -> list[str]:
    listed = params.get("AlarmNames") or [value for name, value in params.items() if name.startswith("AlarmNames.")]
    return [f"{start}alarm:{name}" for name in listed or [params.get("AlarmName", "")]]


def _all_alarms(_params: Params, start: str) -> list[str]:
    """DescribeAlarms is judged on all alarms, whichever are asked for (see `scaling`)."""
    return [f"{start}alarm:*"]


def _snapshot(params: Params, start: str) -> list[str]:
    database, snapshot = params.get("DBInstanceIdentifier"), params.get("DBSnapshotIdentifier")
    return [f"{start}db:{database}", f"{start}snapshot:{snapshot}"]


def _service(params: Params, start: str) -> list[str]:
    cluster, service = (_last(params.get(name, "")) for name in ("cluster", "service"))
    return [f"{start}service/{cluster}/{service}"]


def _tasks(params: Params, start: str) -> list[str]:
    cluster = _last(params.get("cluster", ""))
    return [f"{start}task/{cluster}/{_last(task)}" for task in params.get("tasks") or [params.get("task", "")]]


def _task_definition(params: Params, start: str) -> list[str]:
    name = params.get("taskDefinition", "")
    return [name if name.startswith("arn:") else f"{start}task-definition/{name}"]


def _rule(params: Params, start: str) -> list[str]:
    bus, name = params.get("EventBusName", "default"), params.get("Name") or params.get("Rule")
    return [f"{start}rule/{name}" if bus == "default" else f"{start}rule/{bus}/{name}"] if name else []


def _last(name: str) -> str:
    return name.rpartition("/")[2]


Finder = Callable[[Params, str], list[str]]
_OF_SERVICE: dict[str, Finder] = {"logs": _log_streams}
_OF_ACTION: dict[str, Finder] = {
    "cloudwatch:DeleteAlarms": _alarms,
    "cloudwatch:DescribeAlarms": _all_alarms,
    "ecs:DescribeTasks": _tasks,
    "ecs:ExecuteCommand": _tasks,
    "ecs:RunTask": _task_definition,
    "ecs:StopTask": _tasks,
    "ecs:UpdateService": _service,
    "events:DescribeRule": _rule,
    "events:DisableRule": _rule,
    "events:EnableRule": _rule,
    "events:PutRule": _rule,
    "events:PutTargets": _rule,
    "rds:CreateDBSnapshot": _snapshot,
}
