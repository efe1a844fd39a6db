"""CloudTrail trails and composite alarms, through the emulator's own service calls."""

from typing import TYPE_CHECKING, Any

from local.cloudformation.resource_type import Made, Props, ResourceType, aws

if TYPE_CHECKING:
    from collections.abc import Callable

_ALARM = frozenset(
    {"AlarmActions", "AlarmDescription", "AlarmName", "AlarmRule", "InsufficientDataActions", "OKActions"}
)
_TRAIL = {
    "CloudWatchLogsLogGroupArn": "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn": "CloudWatchLogsRoleArn",
    "EnableLogFileValidation": "EnableLogFileValidation",
    "IncludeGlobalServiceEvents": "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail": "IsMultiRegionTrail",
    "KMSKeyId": "KmsKeyId",
    "S3BucketName": "S3BucketName",
    "S3KeyPrefix": "S3KeyPrefix",
    "SnsTopicName": "SnsTopicName",
}
"""Properties of the type -> parameters of CreateTrail and UpdateTrail."""

_FLAGS = frozenset({"EnableLogFileValidation", "IncludeGlobalServiceEvents", "IsMultiRegionTrail"})


def _trail_request(props: Props) -> dict[str, Any]:
    return {
        parameter: _truth(props[name]) if name in _FLAGS else props[name]
        for name, parameter in _TRAIL.items()
        if name in props
    }


def _truth(value: object) -> bool:
    return str(value).lower() == "true"


def _create_trail(props: Props, name: str) -> Made:
    trail = str(props.get("TrailName", name))
    aws("cloudtrail").create_trail(Name=trail, **_trail_request(props))
    return _configure_trail(trail, props)


def _update_trail(physical_id: str, props: Props) -> Made:
    aws("cloudtrail").update_trail(Name=physical_id, **_trail_request(props))
    return _configure_trail(physical_id, props)


def _configure_trail(trail: str, props: Props) -> Made:
    client = aws("cloudtrail")
    for selectors in ("EventSelectors", "AdvancedEventSelectors"):
        if props.get(selectors):
            client.put_event_selectors(TrailName=trail, **{selectors: props[selectors]})
    switch: Callable[..., object] = client.start_logging if _truth(props["IsLogging"]) else client.stop_logging
    switch(Name=trail)
    return trail, {"Arn": client.get_trail(Name=trail)["Trail"]["TrailARN"]}


def _delete_trail(physical_id: str, _props: Props) -> None:
    client = aws("cloudtrail")
    try:
        client.delete_trail(Name=physical_id)
    except client.exceptions.TrailNotFoundException:
        return


def _put_composite_alarm(alarm: str, props: Props) -> Made:
    request = {name: props[name] for name in _ALARM - {"AlarmName"} if name in props}
    client = aws("cloudwatch")
    client.put_composite_alarm(AlarmName=alarm, ActionsEnabled=_truth(props.get("ActionsEnabled", True)), **request)
    found = client.describe_alarms(AlarmNames=[alarm], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return alarm, {"Arn": found[0]["AlarmArn"]}


def _delete_composite_alarm(physical_id: str, _props: Props) -> None:
    aws("cloudwatch").delete_alarms(AlarmNames=[physical_id])


TYPES = (
    ResourceType(
        name="AWS::CloudTrail::Trail",
        properties=frozenset(_TRAIL) | {"TrailName", "IsLogging", "EventSelectors", "AdvancedEventSelectors", "Tags"},
        create=_create_trail,
        update=_update_trail,
        delete=_delete_trail,
    ),
    ResourceType(
        name="AWS::CloudWatch::CompositeAlarm",
        properties=_ALARM | {"ActionsEnabled", "Tags"},
        create=lambda props, name: _put_composite_alarm(str(props.get("AlarmName", name)), props),
        update=_put_composite_alarm,
        delete=_delete_composite_alarm,
    ),
)
