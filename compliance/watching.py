"""Claims about what is recorded: calls, traffic, and that nobody ends or rewrites it (see `compliance.predicates`)."""

import json
from collections.abc import Iterator
from typing import Any

from compliance.templates import Resource, Templates, resources, statements

_ENDS_A_RECORD = frozenset(
    f"{service}:{action}"
    for service, actions in {
        "cloudtrail": ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"),
        "ec2": ("DeleteFlowLogs",),
        "logs": ("DeleteLogGroup", "DeleteLogStream", "DeleteRetentionPolicy", "PutRetentionPolicy"),
        "wafv2": ("DeleteLoggingConfiguration", "PutLoggingConfiguration"),
    }.items()
    for action in actions
)
_DAYS_LOCKED = 30
"""What the settings allow at least (`logs.custom_archive_days`)."""
_OF_ENHANCED_MONITORING = "log-group:RDSOSMetrics:"
"""Where RDS writes an instance's own figures, with the rights that AWS gives it: no record of anybody's deeds
(https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html)."""


def every_call_is_recorded(templates: Templates) -> Iterator[str]:
    """A trail that is on records every management call of every region and of global services, without exception."""
    for trail in resources(templates, "AWS::CloudTrail::Trail"):
        given = trail.properties
        for name in ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents"):
            if given.get(name) is not True:
                yield f"{trail.place} says {name}: {given.get(name)}"
        fields = [each["FieldSelectors"] for each in given.get("AdvancedEventSelectors", ())]
        if [{"Field": "eventCategory", "Equals": ["Management"]}] not in fields:
            yield f"{trail.place} leaves out management calls"


def the_record_is_locked(templates: Templates) -> Iterator[str]:
    """A trail proves its files' integrity; its bucket, the record's and the released models' keep each version locked.

    For thirty days or more, as the settings' log profile says. Object Lock with a default retention protects a version
    from being deleted or written over until that day
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html).
    """
    for trail in resources(templates, "AWS::CloudTrail::Trail"):
        if trail.properties.get("EnableLogFileValidation") is not True:
            yield f"{trail.place} doesn't prove that its files are as they were written"
    for bucket in locked_buckets(templates):
        if bucket.properties.get("ObjectLockEnabled") is not True or not _locks(bucket):
            yield f"{bucket.place} isn't locked by default"
        if bucket.properties.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield f"{bucket.place} keeps no versions"


def _locks(bucket: Resource) -> bool:
    said = bucket.properties.get("ObjectLockConfiguration", {})
    rule = said.get("Rule", {}).get("DefaultRetention", {})
    return (
        said.get("ObjectLockEnabled") == "Enabled"
        and rule.get("Mode") in {"COMPLIANCE", "GOVERNANCE"}
        and int(rule.get("Days", 0)) >= _DAYS_LOCKED
    )


def locked_buckets(templates: Templates) -> Iterator[Resource]:
    """Give the buckets of trails, of the audit record and of released models."""
    outputs = templates.get("Atoll-Foundation", {}).get("Outputs", {})
    wanted = [trail.properties["S3BucketName"] for trail in resources(templates, "AWS::CloudTrail::Trail")]
    wanted += [outputs[name]["Value"] for name in ("AuditBucket", "ReleaseBucket") if name in outputs]
    for bucket in resources(templates, "AWS::S3::Bucket"):
        if {"Ref": bucket.logical_id} in wanted:
            yield bucket


def traffic_is_recorded(templates: Templates) -> Iterator[str]:
    """Each network of ours has a log of all its traffic, what was refused too."""
    logged = {
        _key(log.properties.get("ResourceId"))
        for log in resources(templates, "AWS::EC2::FlowLog")
        if log.properties.get("TrafficType") == "ALL"
    }
    for network in resources(templates, "AWS::EC2::VPC"):
        if _key({"Ref": network.logical_id}) not in logged:
            yield f"{network.place} doesn't record all traffic"


def nobody_ends_a_record(templates: Templates) -> Iterator[str]:
    """No policy of a role allows to stop, narrow or delete a trail, a log of traffic or the firewall, a log group."""
    for statement in statements(templates):
        if statement.effect != "Allow" or all(_OF_ENHANCED_MONITORING in str(each) for each in statement.resources):
            continue
        ends = {each for each in statement.actions if _meets(each)}
        if ends:
            yield f"{statement.policy.place} may end a record: {sorted(ends)}"


def alarms_tell_somebody(templates: Templates) -> Iterator[str]:
    """Every alarm has an action, and none is switched off."""
    for alarm in resources(templates, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        if not alarm.properties.get("AlarmActions") or alarm.properties.get("ActionsEnabled", True) is not True:
            yield f"{alarm.place} tells nobody"


def _meets(action: str) -> bool:
    head = action.partition("*")[0]
    return action in _ENDS_A_RECORD or ("*" in action and any(each.startswith(head) for each in _ENDS_A_RECORD))


def _key(value: Any) -> str:  # noqa: ANN401 (a template's value)
    return json.dumps(value, sort_keys=True)


CLAIMS = (
    every_call_is_recorded,
    the_record_is_locked,
    traffic_is_recorded,
    nobody_ends_a_record,
    alarms_tell_somebody,
)
