"""Ways to break the claims about the audit record."""

from typing import Any

from compliance import record as keeps
from tests.infrastructure.template_parts import Body, Claim, Mutation, one, statement

FOUNDATION = "Atoll-Foundation"


def _policy(templates: dict[str, Any]) -> list[Body]:
    return one(templates, FOUNDATION, "AWS::S3::BucketPolicy", "Audit")["PolicyDocument"]["Statement"]


def _refusal(templates: dict[str, Any], action: str) -> Body:
    return next(each for each in _policy(templates) if each["Effect"] == "Deny" and action in str(each["Action"]))


def _of(templates: dict[str, Any], operator: str) -> Body:
    return next(each for each in _policy(templates) if operator in each.get("Condition", {}))


def _rules(templates: dict[str, Any]) -> list[Body]:
    return one(templates, FOUNDATION, "AWS::S3::Bucket", "Audit")["LifecycleConfiguration"]["Rules"]


def _first_of_all(templates: dict[str, Any]) -> Body:
    return next(rule for rule in _rules(templates) if "Prefix" not in rule)


MUTATIONS: list[tuple[Claim, Mutation]] = [
    (keeps.the_record_is_written_once, lambda t: _policy(t).remove(_of(t, "Null"))),
    (keeps.the_record_is_written_once, lambda t: _of(t, "Null")["Condition"].update(Bool={"s3:x": "true"})),
    (keeps.the_record_is_written_once, lambda t: _of(t, "Null")["Resource"].pop(0)),
    (keeps.the_record_is_written_once, lambda t: _refusal(t, "s3:DeleteObjectVersion")["Resource"].pop()),
    (keeps.the_record_is_written_once, lambda t: _refusal(t, "s3:ReplicateObject")["Action"].pop()),
    (keeps.the_record_is_written_once, lambda t: _refusal(t, "s3:ReplicateObject").update(Principal={"AWS": "me"})),
    (keeps.kinds_of_entries_have_their_writers, lambda t: _policy(t).remove(_of(t, "ArnNotEquals"))),
    (
        keeps.kinds_of_entries_have_their_writers,
        lambda t: _of(t, "ArnNotEquals")["Condition"]["ArnNotEquals"].update({"aws:PrincipalArn": ":role/*"}),
    ),
    (
        keeps.kinds_of_entries_have_their_writers,
        lambda t: statement(t, "Atoll-Release", "ReconcileRoleRecord", "Allow", "s3:PutObject").update(
            Resource="bucket/audit/*"
        ),
    ),
    (
        keeps.mlflows_administrator_is_used_where_it_must_be,
        lambda t: statement(t, "Atoll-Monitoring", "BatchScoredRole", "Allow", "sns:Publish").update(
            Action=["secretsmanager:GetSecretValue"]
        ),
    ),
    (keeps.cloudformation_alone_governs_the_record, lambda t: _policy(t).remove(_refusal(t, "s3:PutBucketPolicy"))),
    (keeps.cloudformation_alone_governs_the_record, lambda t: _refusal(t, "s3:PutBucketPolicy")["Action"].pop()),
    (
        keeps.cloudformation_alone_governs_the_record,
        lambda t: _refusal(t, "s3:PutBucketPolicy")["Condition"]["ArnNotEquals"].update(
            {"aws:PrincipalArn": ":role/*"}
        ),
    ),
    (keeps.no_lifecycle_reaches_the_record, lambda t: _first_of_all(t).update(ExpirationInDays=3650)),
    (
        keeps.no_lifecycle_reaches_the_record,
        lambda t: _rules(t).append({"Prefix": "aud", "Status": "Enabled", "ExpiredObjectDeleteMarker": True}),
    ),
    (
        keeps.no_lifecycle_reaches_the_record,
        lambda t: _rules(t).append({"Prefix": "chain/m/", "Status": "Enabled", "Transitions": [{}]}),
    ),
]
