"""Claims about the audit record: what S3 itself keeps, whoever asks and whatever our code does."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compliance.templates import Templates, many, resources, statements

_FOUNDATION, _OUTPUT = "Atoll-Foundation", "AuditBucket"
KEPT = ("audit/", "chain/", "checkpoint/", "reasons/", "notes/")
_PREFIXES = tuple(
    f"audit/{kind}"
    for kind in (
        "jobs",
        "requests",
        "overtaken",
        "executions",
        "rejections",
        "outcomes",
        "deployments",
        "repairs",
        "asks",
        "callers",
    )
)
HOLDERS: dict[str, tuple[str, ...]] = {
    "Atoll-Release": ("TrainingCompleted", "ChangeSetExecuted", "ReleaseSettled", "Reconcile"),
    "Atoll-Monitoring": (),
}
"""Stack -> the beginnings of the policies that may read a secret."""
_WITHOUT_CONDITION: dict[str, Any] = {}
_PUT_IF_ABSENT = {"Null": {"s3:if-none-match": "true"}}
_NEVER = frozenset(
    {
        "s3:BypassGovernanceRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:PutObjectLegalHold",
        "s3:PutObjectRetention",
        "s3:ReplicateDelete",
        "s3:ReplicateObject",
    }
)
_GOVERNING = frozenset(
    {
        "s3:DeleteBucketPolicy",
        "s3:PutBucketObjectLockConfiguration",
        "s3:PutBucketPolicy",
        "s3:PutBucketVersioning",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
    }
)
_REMOVES = frozenset({"AbortIncompleteMultipartUpload", "Id", "Prefix", "Status"})
"""What a lifecycle rule over the record may say: it ends uploads that nobody finished, which are no objects."""


def the_record_is_written_once(templates: Templates) -> Iterator[str]:
    """The audit bucket refuses everybody a write that isn't put-if-absent, and whatever undoes one."""
    bucket, policy = _bucket(templates), _policy(templates)
    if bucket is None:
        return
    for prefix in KEPT:
        place = {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, f"/{prefix}*"]]}
        if "s3:PutObject" not in _refused(policy, place, _PUT_IF_ABSENT):
            yield f"{bucket} takes writes below {prefix} that aren't put-if-absent"
        if missing := _NEVER - _refused(policy, place, _WITHOUT_CONDITION):
            yield f"{bucket} leaves {sorted(missing)} below {prefix} to IAM"


def kinds_of_entries_have_their_writers(templates: Templates) -> Iterator[str]:
    """Below `audit/` each prefix takes entries of named functions alone, and no grant reaches all."""
    bucket = _bucket(templates)
    for statement in statements(templates) if bucket else ():
        if statement.effect == "Allow" and "s3:PutObject" in statement.actions:
            for wide in (str(each) for each in statement.resources if "/audit/*" in str(each)):
                yield f"{statement.policy.place} may write every kind of entry: {wide}"
    for prefix in (*_PREFIXES, "chain", "checkpoint"):
        place = {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, f"/{prefix}/*"]]}
        named = [
            each["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
            for each in _policy(templates)
            if list(each.get("Condition", {})) == ["ArnNotEquals"] and place in many(each["Resource"])
            if each["Effect"] == "Deny" and each["Principal"] == {"AWS": "*"} and each["Action"] == "s3:PutObject"
        ]
        if bucket and (not named or "*" in str(named)):
            yield f"{bucket} leaves to IAM who writes below {prefix}/"


def mlflows_administrator_is_used_where_it_must_be(templates: Templates) -> Iterator[str]:
    """MLflow's administrator is the secret of those that write MLflow's copy of the record."""
    for statement in statements(templates):
        asks = statement.effect == "Allow" and "secretsmanager:GetSecretValue" in statement.actions
        place = statement.policy
        if asks and place.stack in HOLDERS and not place.logical_id.startswith(HOLDERS[place.stack]):
            yield f"{place.place} reads a secret that its function doesn't use"


def cloudformation_alone_governs_the_record(templates: Templates) -> Iterator[str]:
    """Nobody but the role that deploys changes the audit bucket's policy, lock or lifecycle."""
    bucket, policy = _bucket(templates), _policy(templates)
    if bucket is None:
        return
    found = set[str]()
    for statement in policy:
        named = statement.get("Condition", {}).get("ArnNotEquals", {}).get("aws:PrincipalArn")
        if set(statement.get("Condition", {})) == {"ArnNotEquals"} and ":role/" in str(named) and "*" not in str(named):
            found |= _refused([statement], {"Fn::GetAtt": [bucket, "Arn"]}, statement["Condition"])
    if missing := _GOVERNING - found:
        yield f"{bucket} leaves {sorted(missing)} to IAM"


def no_lifecycle_reaches_the_record(templates: Templates) -> Iterator[str]:
    """No rule moves, hides or ends anything that was written once; it would in spite of the policy."""
    name = _bucket(templates)
    for bucket in resources(templates, "AWS::S3::Bucket"):
        if (bucket.stack, bucket.logical_id) != (_FOUNDATION, name):
            continue
        for rule in bucket.properties.get("LifecycleConfiguration", {}).get("Rules", ()):
            prefix = str(rule.get("Prefix", ""))
            meets = any(kept.startswith(prefix) or prefix.startswith(kept) for kept in KEPT)
            if meets and (more := set(rule) - _REMOVES):
                yield f"{bucket.place} has a rule for {prefix or 'everything'} that says {sorted(more)}"


def _bucket(templates: Templates) -> str | None:
    outputs = templates.get(_FOUNDATION, {}).get("Outputs", {})
    return outputs.get(_OUTPUT, {}).get("Value", {}).get("Ref")


def _policy(templates: Templates) -> list[Mapping[str, Any]]:
    name = _bucket(templates)
    policies = resources(templates, "AWS::S3::BucketPolicy")
    found = [p for p in policies if p.stack == _FOUNDATION and p.properties["Bucket"] == {"Ref": name}]
    return [each for policy in found for each in policy.properties["PolicyDocument"]["Statement"]]


def _refused(policy: Iterable[Mapping[str, Any]], place: object, when: Mapping[str, Any]) -> set[str]:
    """Give the actions that a policy refuses everybody on a place, under exactly this condition."""
    return {
        action
        for each in policy
        if each["Effect"] == "Deny" and each["Principal"] == {"AWS": "*"} and each.get("Condition", {}) == when
        if place in many(each["Resource"])
        for action in many(each["Action"])
    }


CLAIMS = (
    the_record_is_written_once,
    kinds_of_entries_have_their_writers,
    mlflows_administrator_is_used_where_it_must_be,
    cloudformation_alone_governs_the_record,
    no_lifecycle_reaches_the_record,
)
