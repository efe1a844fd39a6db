"""Ways to break the claims about what is recorded."""

from typing import Any

from compliance import watching as watches
from tests.infrastructure.template_parts import ENDPOINT, Body, Claim, Mutation, one, statement

FOUNDATION = "Atoll-Foundation"


def _trail(templates: dict[str, Any]) -> Body:
    return one(templates, FOUNDATION, "AWS::CloudTrail::Trail")


def _bucket(templates: dict[str, Any], name: str) -> Body:
    return one(templates, FOUNDATION, "AWS::S3::Bucket", name)


def _management(templates: dict[str, Any]) -> list[Body]:
    selectors = _trail(templates)["AdvancedEventSelectors"]
    return next(each["FieldSelectors"] for each in selectors if each["Name"] == "Management")


def _allows(templates: dict[str, Any], *actions: str) -> None:
    statement(templates, "Atoll-Training", "OperatorPermissions", "Allow", "logs:GetLogEvents")["Action"] = [*actions]


READS_ONLY = {"Field": "readOnly", "Equals": ["true"]}
MUTATIONS: list[tuple[Claim, Mutation]] = [
    (watches.every_call_is_recorded, lambda t: _trail(t).update(IsLogging=False)),
    (watches.every_call_is_recorded, lambda t: _trail(t).pop("IsMultiRegionTrail")),
    (watches.every_call_is_recorded, lambda t: _trail(t).update(IncludeGlobalServiceEvents=False)),
    (watches.every_call_is_recorded, lambda t: _trail(t).pop("AdvancedEventSelectors")),
    (watches.every_call_is_recorded, lambda t: _management(t).append(READS_ONLY)),
    (watches.the_record_is_locked, lambda t: _trail(t).update(EnableLogFileValidation=False)),
    (watches.the_record_is_locked, lambda t: _bucket(t, "Audit").pop("ObjectLockConfiguration")),
    (watches.the_record_is_locked, lambda t: _bucket(t, "Release").update(ObjectLockEnabled=False)),
    (watches.the_record_is_locked, lambda t: _bucket(t, "Audit").pop("VersioningConfiguration")),
    (watches.traffic_is_recorded, lambda t: one(t, FOUNDATION, "AWS::EC2::FlowLog").update(TrafficType="ACCEPT")),
    (
        watches.traffic_is_recorded,
        lambda t: one(t, FOUNDATION, "AWS::EC2::FlowLog").update(ResourceId={"Ref": "Other"}),
    ),
    *(
        (watches.nobody_ends_a_record, lambda t, given=given: _allows(t, given))
        for given in ("cloudtrail:StopLogging", "cloudtrail:*", "logs:DeleteLogGroup", "ec2:DeleteFlow*", "*")
    ),
    (watches.alarms_tell_somebody, lambda t: one(t, ENDPOINT, "AWS::CloudWatch::Alarm").pop("AlarmActions")),
    (watches.alarms_tell_somebody, lambda t: one(t, ENDPOINT, "AWS::CloudWatch::Alarm").update(ActionsEnabled=False)),
]
