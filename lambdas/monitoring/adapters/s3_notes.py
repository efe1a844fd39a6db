"""Notes for auditors beside the record: no decision reads them, so whoever writes them can decide nothing."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


class S3Notes:
    """`ports.Notes` over a boto3 `s3` client."""

    def __init__(self, s3: Any, *, audit_bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = audit_bucket

    def keep(self, model: str, name: str, note: Mapping[str, Any]) -> None:
        """Keep a note under Object Lock; one of that name which is there already stays."""
        body = json.dumps(dict(note), sort_keys=True, indent=2).encode()
        key = f"notes/{model}/{name}.json"
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise
