"""The audit record: one object a transition, written once, under Object Lock."""

import json
from typing import Any

from botocore.exceptions import ClientError

from lambdas.release.records import AuditEntry


class S3Audit:
    """`ports.AuditLog` over a boto3 `s3` client."""

    def __init__(self, s3: Any, *, bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = bucket

    def write(self, entry: AuditEntry) -> None:
        """Write an entry once; the first write of a transition stands."""
        key = f"audit/{entry.model}/{entry.subject}/{entry.at:%Y%m%dT%H%M%SZ}-{entry.what}.json"
        body = {
            "what": entry.what,
            "who": entry.who,
            "at": entry.at.isoformat(),
            "model": entry.model,
            "subject": entry.subject,
        }
        body["details"] = dict(entry.details)
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=json.dumps(body, sort_keys=True, indent=2).encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
