"""The audit record's objects: written once, under Object Lock."""

from typing import Any

from botocore.exceptions import ClientError

_THERE_ALREADY = {"PreconditionFailed", "ConditionalRequestConflict"}  # the second: another write is under way


class S3AuditStore:
    """`chain.AuditStore` over a boto3 `s3` client."""

    def __init__(self, s3: Any, *, bucket: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._s3 = s3
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> bool:
        """Write an object; False when one is there already (or is just being written), which is left as it is."""
        try:
            self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _THERE_ALREADY:
                return False
            raise
        return True

    def get(self, key: str) -> bytes:
        """Return an object that `keys` listed."""
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys below a prefix in their order, those behind `after` only.

        A key is looked for by listing: without the right to list, S3 answers 403 for an object that is not there.
        """
        behind = {"StartAfter": after} if after else {}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, **behind)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]
