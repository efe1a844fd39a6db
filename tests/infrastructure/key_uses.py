"""Who uses which key through which service in whose name: each row for, and against in another service or account.

`sure` says whether AWS documents the way. Where it doesn't, the policies work either way, and both ways have a row.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from tests.infrastructure.key_policies import ACCOUNT, REGION, Call

AWS = "https://docs.aws.amazon.com"
STRANGER = "999988887777"


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """One way in which a key is used; `against` are keys of the call that, changed, must end it."""

    what: str
    key: str
    call: Call
    source: str
    sure: bool = True
    against: dict[str, Any] = field(default_factory=dict)

    @property
    def refused(self) -> list[Call]:
        """The calls that differ from this one in one thing, and must be refused."""
        changed = [replace(self.call, keys={**self.call.keys, name: value}) for name, value in self.against.items()]
        if self.call.service:
            return [*changed, replace(self.call, service="stranger.amazonaws.com")]
        abroad = {"kms:CallerAccount": STRANGER} if "kms:CallerAccount" in self.call.keys else {}
        return [*changed, replace(self.call, caller=STRANGER, keys={**self.call.keys, **abroad})]


def _via(service: str, *, action: str = "kms:GenerateDataKey", **keys: object) -> Call:
    through = {"kms:ViaService": f"{service}.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    return Call(action=action, caller=ACCOUNT, keys={**through, **{k.replace("_", ":", 1): v for k, v in keys.items()}})


def _by(service: str, action: str = "kms:GenerateDataKey", **keys: str) -> Call:
    return Call(action=action, service=f"{service}.amazonaws.com", keys=keys)


_ELSEWHERE = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
_GROUP = f"arn:aws-us-gov:logs:{REGION}:{ACCOUNT}:log-group:Atoll-Release-Logs"
_LOG_CONTEXT = "kms:EncryptionContext:aws:logs:arn"
_DISK = ["CreateGrant", "Decrypt", "GenerateDataKeyWithoutPlaintext"]
_LENT = {"kms_GrantIsForAWSResource": "true"}
_TAKEN = {**_ELSEWHERE, "kms:GrantIsForAWSResource": "false"}
_LOGS = f"{AWS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_TRAIL = f"{AWS}/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"
_ROLES = f"{AWS}/sagemaker/latest/dg/sagemaker-roles.html"
_SNS = f"{AWS}/sns/latest/dg/sns-key-management.html"

USES = [
    KeyUse(what="S3 encrypts a ledger for a trainer", key="Data", call=_via("s3"), against=_ELSEWHERE,
           source=f"{AWS}/AmazonS3/latest/userguide/UsingKMSEncryption.html"),
    KeyUse(what="S3 reads a model for a function", key="Release", call=_via("s3", action="kms:Decrypt"),
           against=_ELSEWHERE, source=f"{AWS}/AmazonS3/latest/userguide/UsingKMSEncryption.html"),
    KeyUse(what="Lambda opens a function's variables", key="Release", call=_via("lambda", action="kms:Decrypt"),
           against=_ELSEWHERE, source=f"{AWS}/lambda/latest/dg/configuration-envvars-encryption.html"),
    KeyUse(what="CloudTrail writes the trail", key="Audit", call=_by("cloudtrail", **{"aws:SourceAccount": ACCOUNT}),
           against={"aws:SourceAccount": STRANGER}, source=_TRAIL),
    KeyUse(what="CloudTrail's bucket has a bucket key", key="Audit", source=_TRAIL,
           call=_by("cloudtrail", "kms:Decrypt", **{"aws:SourceAccount": ACCOUNT})),
    KeyUse(what="Logs encrypts by itself", key="Logs", call=_by(f"logs.{REGION}", **{_LOG_CONTEXT: _GROUP}),
           against={_LOG_CONTEXT: _GROUP.replace(ACCOUNT, STRANGER)}, source=_LOGS),
    KeyUse(what="Logs asks in the name of who makes a group", key="Logs", call=_via("logs", action="kms:Encrypt"),
           against={**_ELSEWHERE, "kms:CallerAccount": STRANGER}, source=_LOGS),
    KeyUse(what="Logs asks in a writer's name", key="Logs", call=_via("logs"), sure=False,
           against={**_ELSEWHERE, "kms:CallerAccount": STRANGER}, source=_LOGS),
    KeyUse(what="SNS encrypts for a function", key="Messages", call=_via("sns"), against=_ELSEWHERE, source=_SNS),
    KeyUse(what="an alarm speaks to the topic", key="Messages", source=_SNS,
           call=_by("cloudwatch", **{"aws:SourceAccount": ACCOUNT}), against={"aws:SourceAccount": STRANGER}),
    KeyUse(what="SQS encrypts for a function", key="Messages", call=_via("sqs"), against=_ELSEWHERE,
           source=f"{AWS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"),
    *(
        KeyUse(what=f"a rule leaves a dead letter, {told}", key="Messages", call=_by("events", **keys), sure=False,
               source=f"{AWS}/eventbridge/latest/userguide/eb-rule-dlq.html")
        for told, keys in (("telling its account", {"aws:SourceAccount": ACCOUNT}), ("telling nothing", {}))
    ),
    KeyUse(what="SageMaker reads a job's output", key="Jobs", call=_via("sagemaker", action="kms:Decrypt"),
           against=_ELSEWHERE, source=_ROLES),
    *(
        KeyUse(
            what=f"SageMaker grants a volume the key, {told}",
            key="Jobs",
            call=Call(action="kms:CreateGrant", caller=ACCOUNT,
                      keys={"kms:CallerAccount": ACCOUNT, "kms:GrantOperations": _DISK, **keys}),
            against={"kms:GrantOperations": ["Sign"], "kms:CallerAccount": STRANGER},
            source=_ROLES,
            sure=False,
        )
        for told, keys in (
            ("by forward access", {"kms:ViaService": f"sagemaker.{REGION}.amazonaws.com"}),
            ("with the role itself", {}),
        )
    ),
    KeyUse(what="RDS makes its disk's grant", key="Tracking", call=_via("rds", action="kms:CreateGrant", **_LENT),
           against=_TAKEN, source=f"{AWS}/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html"),
    KeyUse(what="Secrets Manager opens a secret", key="Tracking", call=_via("secretsmanager", action="kms:Decrypt"),
           against=_ELSEWHERE, source=f"{AWS}/secretsmanager/latest/userguide/security-encryption.html"),
    KeyUse(what="Backup grants its vault", key="Tracking", call=_via("backup", action="kms:CreateGrant", **_LENT),
           against=_TAKEN, source=f"{AWS}/aws-backup/latest/devguide/encryption.html"),
    KeyUse(what="ECR grants its repository", key="Registry", call=_via("ecr", action="kms:CreateGrant", **_LENT),
           against=_TAKEN, source=f"{AWS}/AmazonECR/latest/userguide/encryption-at-rest.html"),
]  # fmt: skip
